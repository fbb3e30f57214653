"""The local engine: tokens a second of a random Qwen2 with 3 million parameters, on one core."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import Figure

from automem.processes.child import inherited
from automem.processes.interpreters import python_of

BUILDER = Path(__file__).resolve().parents[1] / "tests" / "server" / "build_model.py"
PROMPT_TOKENS = 800
ANSWER_TOKENS = 60
TURN_TOKENS = 100
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Spent:
    """What some requests took."""

    wall: float
    cpu: float
    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """A running local engine."""

    url: str
    pid: int

    def ask(self, prompts: list[list[dict[str, str]]], answer_tokens: int) -> Spent:
        """All at once; what they took together."""
        cpu, began = self._cpu_seconds(), time.perf_counter()
        with ThreadPoolExecutor(len(prompts)) as callers:
            usages = list(callers.map(lambda prompt: self._ask(prompt, answer_tokens), prompts))
        return Spent(
            wall=time.perf_counter() - began,
            cpu=self._cpu_seconds() - cpu,
            prompt_tokens=sum(usage["prompt_tokens"] for usage in usages),
            cached_tokens=sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages),
            answer_tokens=sum(usage["completion_tokens"] for usage in usages),
        )

    def _ask(self, messages: list[dict[str, str]], answer_tokens: int) -> dict[str, Any]:
        body = {
            "model": "base",
            "messages": messages,
            "max_tokens": answer_tokens,
            "ignore_eos": True,
            "seed": 1,
            "stop": ["<|END|>"],
        }
        request = urllib.request.Request(
            f"{self.url}/chat/completions", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["usage"]

    def _cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        fields = stat.split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def local_engine(folder: Path) -> Iterator[LocalEngine]:
    """An engine with one thread; ends with the block."""
    python = python_of("local")
    built = (python, "-W", "ignore", str(BUILDER), str(folder), "--size", "3m")
    environ = inherited(os.environ)
    subprocess.run(built, check=True, env=environ, stderr=subprocess.DEVNULL)
    command = [python, "-I", "-m", "automem_backends.local", "--model", str(folder / "model")]
    command += ["--served-model-name", "base", "--port", "0", "--until-stdin-closes"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environ
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the engine has no pipes")
        url = process.stdout.readline().decode().strip()
        if not url:
            raise RuntimeError((folder / "log").read_text(encoding="utf-8"))
        try:
            yield LocalEngine(url=url, pid=process.pid)
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def conversation(number: int, tokens: int) -> list[dict[str, str]]:
    """About as many tokens; others for each number, from the first one on."""
    words = ("grass", "tree", "stone", "table", "iron", "coal", "water", "cow")
    chosen = [words[(number * 7 + at * at) % len(words)] for at in range(tokens - 12)]
    return [{"role": "user", "content": f"{number} " + " ".join(chosen)}]


def measure() -> list[Figure]:
    """The figures of this file."""
    with tempfile.TemporaryDirectory() as name, local_engine(Path(name)) as engine:
        engine.ask([conversation(10_000, 40)], 8)
        fresh = iter(range(10_001, 20_000))
        figures: list[Figure] = []
        for size in (1, 8):
            prefill, decode = _speeds(engine, fresh, size)
            figures += _figures(size, prefill, decode)
        return [*figures, *_reuse(engine, next(fresh))]


def _speeds(
    engine: LocalEngine, fresh: Iterator[int], size: int
) -> tuple[list[Spent], list[Spent]]:
    """Prompts with one token of answer; then the same prompts again with a whole answer."""
    prefill: list[Spent] = []
    decode: list[Spent] = []
    for _ in range(ROUNDS):
        prompts = [conversation(next(fresh), PROMPT_TOKENS) for _ in range(size)]
        prefill.append(engine.ask(prompts, 1))
        decode.append(engine.ask(prompts, ANSWER_TOKENS))
    return prefill, decode


def _figures(size: int, prefill: list[Spent], decode: list[Spent]) -> list[Figure]:
    about = f"3.3 M parameters, {PROMPT_TOKENS}-token prompts, batch of {size}, best of {ROUNDS}"
    read = max(prefill, key=lambda spent: spent.prompt_tokens / spent.wall)
    said = max(decode, key=lambda spent: spent.answer_tokens / spent.wall)
    # The clock of the CPU ticks every 10 ms: only the sum of all rounds is exact enough.
    read_cpu = sum(spent.prompt_tokens for spent in prefill) / sum(one.cpu for one in prefill)
    said_cpu = sum(spent.answer_tokens for spent in decode) / sum(one.cpu for one in decode)
    return [
        Figure(
            f"local engine, prefill, batch of {size}",
            f"{read.prompt_tokens / read.wall:,.0f} tokens/s ({read_cpu:,.0f} per CPU second)",
            about,
            "at least 8,000/s" if size == 1 else "",
        ),
        Figure(
            f"local engine, decode, batch of {size}",
            f"{said.answer_tokens / said.wall:,.0f} tokens/s ({said_cpu:,.0f} per CPU second)",
            f"{about}, {ANSWER_TOKENS}-token answers, prompts in the cache, HTTP included",
            "at least 500/s" if size == 1 else "",
        ),
    ]


def _reuse(engine: LocalEngine, number: int) -> list[Figure]:
    messages = conversation(number, PROMPT_TOKENS)
    engine.ask([messages], 1)
    kept: list[float] = []
    whole: list[float] = []
    for turn in range(ROUNDS):
        messages = [
            *messages,
            {"role": "assistant", "content": "done"},
            *conversation(number + turn, TURN_TOKENS),
        ]
        kept.append(engine.ask([messages], 1).wall)
        # Another beginning: nothing of it is in the cache.
        whole.append(engine.ask([[*conversation(number - turn - 1, 12), *messages]], 1).wall)
    return [
        Figure(
            f"local engine, a further turn of {TURN_TOKENS} tokens",
            f"{min(kept) * 1000:.0f} ms, {min(whole) * 1000:.0f} ms without the cache",
            f"a conversation of {PROMPT_TOKENS} tokens and more, best of {ROUNDS}",
        )
    ]
