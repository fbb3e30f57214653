"""The local engine as a process: how it starts, refuses to, computes, and ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.processes.child import inherited
from automem.records.config import RoleSection
from automem.records.model import Sampling

from .engines import local_python, run_local
from .toy import play_toy

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

PROMPTS = [f"you see {word} to the north, step" for word in ("a cow", "iron", "water", "a tree")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen2 and an adapter."""
    folder = tmp_path_factory.mktemp("tiny")
    run_local("build_model.py", str(folder), "--adapter", "a=4")
    return folder


def command(model: Path, *arguments: str) -> list[str]:
    program = [local_python(), "-I", "-m", "automem_backends.local"]
    return [*program, "--model", str(model), "--served-model-name", "base", *arguments]


@dataclass(frozen=True, slots=True)
class Running:
    process: subprocess.Popen[bytes]
    url: str

    def ask(self, prompt: str, **fields: Any) -> str:
        said = {"model": "base", "messages": [{"role": "user", "content": prompt}], **fields}
        data = json.dumps(said).encode()
        with urllib.request.urlopen(f"{self.url}/chat/completions", data, timeout=120) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]

    def load(self, adapter: Path) -> str:
        """What is said to it."""
        data = json.dumps({"lora_name": "a", "lora_path": str(adapter)}).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/load_lora_adapter", data, timeout=60) as said:
                return said.read().decode()
        except urllib.error.HTTPError as error:
            return json.load(error)["error"]["message"]

    def ask_all(self, asked: Sequence[dict[str, Any]]) -> list[str]:
        with ThreadPoolExecutor(len(asked)) as callers:
            return list(callers.map(lambda fields: self.ask(**fields), asked))


@contextmanager
def running(model: Path, *arguments: str) -> Iterator[Running]:
    argv = command(model, "--port", "0", "--until-stdin-closes", *arguments)
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=inherited(os.environ)
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Running(process, process.stdout.readline().decode().strip())
        finally:
            process.stdin.close()
            process.wait(60)


def refused(model: Path, *arguments: str) -> str:
    """What it says when it does not start."""
    ran = subprocess.run(
        command(model, *arguments),
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=inherited(os.environ),
        timeout=300,
    )
    assert ran.returncode == 1
    return ran.stderr


def names(file: Path, model: str) -> bool:
    """Whether a process, which may just have ended, was started with this model."""
    try:
        return model.encode() in file.read_bytes()
    except OSError:
        return False


def changed(folder: Path, target: Path, **settings: Any) -> Path:
    """The model with other settings."""
    shutil.copytree(folder / "model", target)
    config = json.loads((target / "config.json").read_text(encoding="utf-8"))
    (target / "config.json").write_text(json.dumps({**config, **settings}), encoding="utf-8")
    return target


def test_a_request_gets_the_same_tokens_whoever_else_is_answered(folder: Path) -> None:
    adapter = f"a={folder / 'adapters' / 'a'}"
    with running(folder / "model", "--lora-modules", adapter, "--max-num-seqs", "8") as engine:
        how = {"max_tokens": 40, "temperature": 1.0, "top_p": 0.9, "ignore_eos": True}
        asked = [
            {"prompt": prompt, "model": model, "seed": seed, **how}
            for model in ("base", "a")
            for seed, prompt in enumerate(PROMPTS)
        ]
        alone = [engine.ask(**fields) for fields in asked]
        assert len(set(alone)) == len(alone)
        assert engine.ask_all(asked) == alone
        other = engine.ask(**{**asked[0], "seed": 100})
        assert other != alone[0]
        assert engine.ask(**{**asked[0], "top_k": 1}) == engine.ask(
            **{**asked[0], "temperature": 0}
        )


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_other_models_with_the_same_layers_compute_as_transformers_does(
    kind: str, tmp_path: Path
) -> None:
    run_local("build_model.py", str(tmp_path), "--type", kind, "--adapter", "a=4")
    prompts, adapter = tmp_path / "prompts.json", f"a={tmp_path / 'adapters' / 'a'}"
    prompts.write_text(json.dumps(PROMPTS), encoding="utf-8")
    model = tmp_path / "model"
    expected = json.loads(run_local("reference.py", str(model), str(prompts), "24", adapter))
    with running(model, "--lora-modules", adapter) as engine:
        for name, texts in expected.items():
            asked = [{"prompt": one, "model": name} for one in PROMPTS]
            found = engine.ask_all([{**one, "max_tokens": 24, "temperature": 0} for one in asked])
            assert found == texts


def test_it_ends_when_its_owner_closes_its_input_or_tells_it_to(folder: Path) -> None:
    with running(folder / "model") as engine:
        assert engine.ask(PROMPTS[0], max_tokens=2)
    assert engine.process.returncode == 0
    with running(folder / "model") as engine:
        engine.process.send_signal(signal.SIGTERM)
        assert engine.process.wait(60) == 0


def test_a_run_starts_it_for_both_roles_and_ends_it(folder: Path, tmp_path: Path) -> None:
    model = str(folder / "model")
    sampling = Sampling(temperature=1.0, max_tokens=8)
    role = RoleSection(backend="local", model=model, sampling=sampling)
    played = anyio.run(play_toy, tmp_path, role, str(folder / "adapters" / "a"))
    assert played.totals.steps == 8
    assert played.totals.usage.cached_tokens > 0
    assert len(list(tmp_path.rglob("local-*.log"))) == 1
    left = [file for file in Path("/proc").glob("[0-9]*/cmdline") if names(file, model)]
    assert left == []


def test_a_port_in_use_is_refused_before_the_model_is_read(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(tmp_path / "nowhere", "--port", str(taken.getsockname()[1]))
    assert "Address already in use" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden_act": "gelu"}, "its activation is GELUActivation"),
        (
            {
                "use_sliding_window": True,
                "sliding_window": 64,
                "layer_types": ["sliding_attention"] * 2,
            },
            "set --max-model-len 64",
        ),
        (
            {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}},
            "dynamic",
        ),
    ],
)
def test_a_model_it_does_not_compute_is_refused(
    folder: Path, tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    assert words in refused(changed(folder, tmp_path / "model", **settings), "--port", "0")


def test_a_model_without_chat_template_is_refused(folder: Path, tmp_path: Path) -> None:
    model = changed(folder, tmp_path / "model")
    (model / "chat_template.jinja").unlink()
    assert "has no chat template" in refused(model, "--port", "0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--max-model-len", "9999"), "more than the 4096 tokens"),
        (("--kv-cache-mib", "1"), "raise it, or lower --max-model-len"),
    ],
)
def test_what_does_not_fit_is_said_with_the_number_to_change(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in refused(folder / "model", "--port", "0", *arguments)


def test_an_adapter_that_it_cannot_apply_is_refused(folder: Path, tmp_path: Path) -> None:
    run_local("build_model.py", str(tmp_path / "other"), "--size", "3m", "--adapter", "a=4")
    wrong = {
        "its setting use_dora is True": {"use_dora": True},
        "its setting bias is 'all'": {"bias": "all"},
        "of the type IA3": {"peft_type": "IA3"},
    }
    folders = {
        "it was trained on another base": tmp_path / "other" / "adapters" / "a",
        "No adapter found": tmp_path / "nowhere",
    }
    for number, (words, settings) in enumerate(wrong.items()):
        adapter = folders[words] = tmp_path / str(number)
        shutil.copytree(folder / "adapters" / "a", adapter)
        file = adapter / "adapter_config.json"
        given = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**given, **settings}), encoding="utf-8")
    damaged = folders["is damaged"] = tmp_path / "damaged"
    shutil.copytree(folder / "adapters" / "a", damaged)
    (damaged / "adapter_model.safetensors").write_bytes(b"no tensors")
    with running(folder / "model") as engine:
        for words, adapter in folders.items():
            assert words in engine.load(adapter)
        assert engine.load(folder / "adapters" / "a").startswith("Success")
