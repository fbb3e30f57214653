"""Configurations whose engines are planned, and the command line called as a person calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from automem.cli.app import automem
from automem.cli.errors import run_command
from automem.episode.writing import TraceWriter
from automem.plugins import Plugins, load_plugins
from automem.records.config import RunConfig
from automem.records.environment import EnvironmentInfo
from automem.records.model import Role, Usage
from automem.records.trace import AnyEvent, Asked, Started
from automem.run.config import load_config
from automem.run.layout import run_folder
from automem_backends.capacity.gpus import Supply, named
from automem_backends.capacity.plan import plan_capacity
from automem_backends.capacity.result import Capacity

TOML = """
[run]
name = "planned"

[environment]
name = "crafter"

[scaffold]
from = "crafter-v0"

[roles.default]
backend = "vllm"
model = "Qwen/Qwen2.5-7B-Instruct"
max_tokens = 1024

[seeds]
search = "1-4"
"""


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass
class Planning:
    """Plans of one configuration, changed by overrides."""

    folder: Path
    plugins: Plugins

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "planned.toml"

    def config(self, *overrides: str) -> RunConfig:
        """The configuration as it is read."""
        return load_config(self.file, overrides)

    def plan(self, gpu: str | Supply = "h100-80g", *overrides: str) -> Capacity:
        """The plan for these GPUs, with no model on this machine."""
        supply = named(gpu) if isinstance(gpu, str) else gpu
        environ = {"HF_HOME": str(self.folder / "hub")}
        return plan_capacity(self.config(*overrides), self.plugins, supply, environ)

    def play(self, seed: int, calls: Sequence[tuple[Role, int]]) -> Path:
        """An episode of the run in which prompts of these sizes were asked; its trace."""
        run = run_folder("runs", "planned")
        trace = run.evaluation("key").episode("default", seed).trace
        with TraceWriter(trace) as writer:
            for event in _events(seed, calls):
                writer.write(event)
        return trace


def _events(seed: int, calls: Sequence[tuple[Role, int]]) -> list[AnyEvent]:
    info = EnvironmentInfo(
        name="crafter", task="default", instructions="", actions=("noop",), max_steps=9
    )
    begun = Started(step=0, info=info, seed=seed, scaffold="", agent="", roles={})
    asked = [
        Asked(
            step=0,
            phase="log" if role == "memory" else "plan",
            turn=turn,
            role=role,
            model="m",
            messages=(),
            usage=Usage(input_tokens=tokens),
        )
        for turn, (role, tokens) in enumerate(calls)
    ]
    return [begun, *asked]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Those that are installed."""
    return load_plugins()


@pytest.fixture
def planning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugins: Plugins) -> Planning:
    """A configuration in a folder of its own, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    made = Planning(tmp_path, plugins)
    made.file.write_text(TOML, encoding="utf-8")
    return made


@pytest.fixture
def call(planning: Planning, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """`call("serve", ...)` runs `automem serve ...` beside the configuration."""
    assert planning.file.is_file()

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_command(automem, arguments)
        written = capsys.readouterr()
        return Done(code, written.out, written.err)

    return call
