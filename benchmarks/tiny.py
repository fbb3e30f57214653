"""The backend tiny: tokens a second of a random model with 2.6 million parameters, on one core."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import anyio
from figures import Figure

from automem.models.engines import EngineRequest
from automem.records.model import Message, ModelRequest, Sampling
from automem_tiny.engine import Answer, Ask, Engine
from automem_tiny.serving.backend import open_tiny, tiny_client
from automem_tiny.serving.options import TinyOptions
from automem_tiny.testing import build_adapter, build_model

PROMPT_TOKENS = 800
ANSWER_TOKENS = 60
TURN_TOKENS = 100
ROUNDS = 9
CALLS = 96
CALLERS = 12
SIZES = {
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 6,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "vocab_size": 1408,
    "max_position_embeddings": 2048,
}
_AROUND_TOKENS = 19
"""What the chat template puts around a message."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What some asks took."""

    tokens: int
    wall: float
    cpu: float


def measure() -> list[Figure]:
    """The figures of this file."""
    with tempfile.TemporaryDirectory() as name:
        model = build_model(Path(name) / "model", **SIZES)
        adapter = str(build_adapter(Path(name) / "adapter", model, rank=16, strength=0.01))
        engine = Engine.load(model)
        # Random weights may end an answer at any token.
        engine.text = replace(engine.text, ends=frozenset())
        engine.answer([Ask(messages=_said(0, 50), max_tokens=8)])
        fresh = count(1)
        figures: list[Figure] = []
        for size in (1, 8):
            figures += _speeds(engine, fresh, size)
        figures += [*_adapted(engine, fresh, adapter), *_reuse(engine, fresh)]
        return [*figures, anyio.run(_calls, model, Path(name))]


def _said(number: int, tokens: int, *before: Message) -> tuple[Message, ...]:
    """A conversation of so many tokens, which are bytes; another for each number."""
    words = f"{number} see grass, tree, stone, table, iron, coal, water, cow. "
    said = (words * (1 + tokens // len(words)))[: tokens - _AROUND_TOKENS]
    return (*before, Message(role="user", content=said))


def _spent(work: Callable[[], list[Answer]], tokens: Callable[[Answer], int]) -> Spent:
    cpu, wall = time.process_time(), time.perf_counter()
    answers = work()
    return Spent(
        tokens=sum(map(tokens, answers)),
        wall=time.perf_counter() - wall,
        cpu=time.process_time() - cpu,
    )


def _speeds(engine: Engine, fresh: Iterator[int], size: int) -> list[Figure]:
    """Prompts with one token of answer; then the same prompts again with a whole answer."""
    read: list[Spent] = []
    said: list[Spent] = []
    for _ in range(ROUNDS):
        prompts = [_said(next(fresh), PROMPT_TOKENS) for _ in range(size)]
        short = [Ask(messages=prompt, max_tokens=1) for prompt in prompts]
        whole = [Ask(messages=prompt, max_tokens=ANSWER_TOKENS) for prompt in prompts]
        read.append(_spent(lambda asks=short: engine.answer(asks), _new_tokens))
        said.append(_spent(lambda asks=whole: engine.answer(asks), _answer_tokens))
    about = f"2.6 M parameters, {PROMPT_TOKENS}-token prompts, batch of {size}, best of {ROUNDS}"
    return [
        Figure(
            f"backend tiny, prefill, batch of {size}",
            _rates(read),
            about,
            "at least 8,000/s" if size == 1 else "",
        ),
        Figure(
            f"backend tiny, decode, batch of {size}",
            _rates(said),
            f"{about}, {ANSWER_TOKENS}-token answers, prompts in the cache",
            "at least 600/s" if size == 1 else "",
        ),
    ]


def _new_tokens(answer: Answer) -> int:
    return answer.prompt_tokens - answer.cached_tokens


def _answer_tokens(answer: Answer) -> int:
    return answer.completion_tokens


def _rates(rounds: list[Spent]) -> str:
    wall = max(one.tokens / one.wall for one in rounds)
    cpu = max(one.tokens / one.cpu for one in rounds)
    return f"{wall:,.0f} tokens/s ({cpu:,.0f} per CPU second)"


def _adapted(engine: Engine, fresh: Iterator[int], adapter: str) -> list[Figure]:
    rounds: list[Spent] = []
    for _ in range(ROUNDS):
        prompts = [(_said(next(fresh), PROMPT_TOKENS), on) for on in (None, adapter) * 4]
        short, again = (
            [Ask(messages=said, max_tokens=size, adapter=on) for said, on in prompts]
            for size in (1, ANSWER_TOKENS)
        )
        engine.answer(short)
        rounds.append(_spent(lambda asks=again: engine.answer(asks), _answer_tokens))
    about = f"half of a batch of 8 on an adapter of rank 16, best of {ROUNDS}"
    return [Figure("backend tiny, decode, base and adapter together", _rates(rounds), about)]


def _reuse(engine: Engine, fresh: Iterator[int]) -> list[Figure]:
    kept: list[float] = []
    whole: list[float] = []
    for _ in range(ROUNDS):
        first = _said(next(fresh), PROMPT_TOKENS)
        (answer,) = engine.answer([Ask(messages=first, max_tokens=1)])
        turn = _said(next(fresh), TURN_TOKENS, *first, _assistant(answer))
        kept.append(_spent(lambda asks=turn: _one(engine, asks), _new_tokens).wall)
        other = (Message(role="user", content=f"{next(fresh)}"), *turn)
        whole.append(_spent(lambda asks=other: _one(engine, asks), _new_tokens).wall)
    return [
        Figure(
            f"backend tiny, a further turn of {TURN_TOKENS} tokens",
            f"{min(kept) * 1000:.0f} ms, {min(whole) * 1000:.0f} ms without the cache",
            f"a conversation of {PROMPT_TOKENS} tokens and more, best of {ROUNDS}",
        )
    ]


def _one(engine: Engine, messages: tuple[Message, ...]) -> list[Answer]:
    return engine.answer([Ask(messages=messages, max_tokens=1)])


def _assistant(answer: Answer) -> Message:
    return Message(role="assistant", content=answer.text)


async def _calls(model: Path, folder: Path) -> Figure:
    """Calls as episodes make them, through the worker: one after the other for each caller."""
    request = EngineRequest("tiny", str(model), (None,), TinyOptions(), folder, lambda _: None)
    system = Message(role="system", content="You play a game of survival. " * 5)
    best = float("inf")
    async with open_tiny(request) as engine:
        await engine.ready()
        backend = tiny_client(None, None, request.options, engine)
        for round_ in range(ROUNDS):
            left = iter(range(CALLS))

            async def caller(round_: int = round_, left: Iterator[int] = left) -> None:
                for number in left:
                    await backend.complete(
                        ModelRequest(
                            messages=_said(1000 * round_ + number, 100, system),
                            sampling=Sampling(max_tokens=20),
                            seed=number,
                        )
                    )

            began = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(CALLERS):
                    tasks.start_soon(caller)
            best = min(best, time.perf_counter() - began)
    return Figure(
        "backend tiny, calls of many episodes",
        f"{CALLS / best:,.0f} calls/s",
        f"{CALLERS} callers, {CALLS} calls of 270 tokens, 100 of them new, at most 20 of answer, "
        f"through the worker, best of {ROUNDS}",
    )
