"""Fake engines as programs that AutoMem starts, and what is left of them."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.models.engines import Engine, EngineRequest
from automem.testing.adapters import write_adapter
from automem_backends.engines.engine import open_engine
from automem_backends.engines.kind import EngineKind
from automem_backends.engines.options import EngineOptions
from automem_backends.engines.pace import Pace
from automem_backends.vllm.engine import VLLM

QUICK = Pace(poll=0.02, check=2.0, hung=60.0, look=20.0, grace=0.5)
MARK = "AUTOMEM_TEST_ENGINE"


def program(name: str, *orders: str) -> tuple[str, ...]:
    """The fake of an engine; orders such as `--fault` reach it before its real arguments."""
    return (sys.executable, "-m", f"automem.testing.{name}", *orders)


@dataclass
class Engines:
    """Opens engines quickly, keeps what they say, and counts their processes."""

    folder: Path
    mark: str
    said: list[str] = field(default_factory=list)
    _heard: anyio.Event = field(default_factory=anyio.Event)

    def tell(self, line: str) -> None:
        """Keep a line and wake who listens."""
        self.said.append(line)
        self._heard.set()
        self._heard = anyio.Event()

    async def hear(self, words: str) -> None:
        """Wait until these words were told."""
        while not any(words in line for line in self.said):
            await self._heard.wait()

    def adapter(self, name: str = "memory", weights: bytes = b"weights", rank: int = 8) -> str:
        """A new adapter's folder."""
        return str(write_adapter(self.folder / name, weights=weights, rank=rank))

    def request(
        self, *adapters: str | None, model: str | None = "org/base", **options: Any
    ) -> EngineRequest:
        """What to serve, by default the model alone."""
        return EngineRequest(
            backend="vllm",
            model=model,
            adapters=adapters or (None,),
            options=EngineOptions(**options),
            logs=self.folder / "logs",
            tell=self.tell,
        )

    def open(
        self,
        *adapters: str | None,
        kind: EngineKind = VLLM,
        pace: Pace = QUICK,
        orders: Sequence[str] = (),
        **options: Any,
    ) -> AbstractAsyncContextManager[Engine]:
        """An engine that is started, by default the fake vLLM."""
        # The fakes read their orders wherever they stand; vLLM's verb comes first.
        options.setdefault("engine_arguments", tuple(orders))
        options.setdefault("program", program(kind.name))
        return open_engine(kind, self.request(*adapters, **options), pace=pace)

    @asynccontextmanager
    async def ready(self, *adapters: str | None, **options: Any) -> AsyncGenerator[Engine]:
        """The same, once it is ready."""
        async with self.open(*adapters, **options) as engine:
            await engine.ready()
            yield engine

    def processes(self) -> list[int]:
        """Every process that an engine of this test has started and that still runs."""
        return [pid for pid in pids() if self.mark in known(pid, "environ") and pid != os.getpid()]

    def mains(self) -> list[int]:
        """Of these, the engines themselves, without who watches them."""
        return [pid for pid in self.processes() if "supervisor.py" not in known(pid, "cmdline")]

    def wait_for_end(self, seconds: float = 20.0) -> None:
        """Wait until none of these is left."""
        for pid in self.processes():
            try:
                handle = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            ended, _, _ = select.select([handle], [], [], seconds)
            os.close(handle)
            assert ended, f"process {pid} is left: {known(pid, 'cmdline')}"
        assert self.processes() == []

    @property
    def log(self) -> str:
        """What the engines wrote."""
        files = sorted((self.folder / "logs").glob("*.log"))
        return "".join(file.read_text(encoding="utf-8") for file in files)


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def known(pid: int, what: str) -> str:
    """`environ` or `cmdline`; empty for one that has just ended, or ended and is not buried."""
    try:
        return Path(f"/proc/{pid}/{what}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engines:
    """Engines in a folder of their own; children inherit the mark they are counted by."""
    monkeypatch.setenv(MARK, str(tmp_path))
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    return Engines(tmp_path, mark=f"{MARK}={tmp_path}\0")
