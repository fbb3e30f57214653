"""The fake engine as a process of its own, so that its work is not counted as the host's."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """A running engine."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """The base URL for a configuration."""
        return f"http://127.0.0.1:{self.port}/v1"

    def get(self, path: str) -> Any:
        """What it says of the calls it has had: `/calls`, `/timeline`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            return json.load(answer)


@contextmanager
def engine_process(delay_seconds: float) -> Iterator[EngineProcess]:
    """An engine that answers after `delay_seconds`; ends with the block."""
    command = [sys.executable, "-m", "automem.testing.engine", "--delay", str(delay_seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the engine has no pipes")
        yield EngineProcess(port=int(process.stdout.readline()), pid=process.pid)
        process.stdin.close()
        process.wait(timeout=30)
