"""An engine ends with AutoMem, however AutoMem ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automem.processes.supervisor import supervised

from .conftest import Engines, program

HOST = """
import subprocess, sys, time
argv = sys.argv[1:]
subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""


GRACE = 0.3


@contextmanager
def serving(*argv: str) -> Generator[subprocess.Popen[bytes]]:
    """A process that starts an engine, once the engine answers."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr
        while b"Uvicorn" not in process.stderr.readline():
            pass
        yield process


@pytest.mark.parametrize("fault", ["well", "ignores-sigterm"])
def test_it_ends_an_engine_whose_owner_was_killed(engines: Engines, fault: str) -> None:
    faults = ("--fault", "child", *(("--fault", fault) if fault != "well" else ()))
    engine = (*program("vllm"), "serve", "m", "--port", "0", *faults)
    with serving(sys.executable, "-c", HOST, *supervised(engine, GRACE)) as owner:
        assert len(engines.processes()) == 4
        owner.kill()
    engines.wait_for_end()


def test_it_takes_the_engine_along_when_it_is_killed_itself(engines: Engines) -> None:
    with serving(*supervised([*program("vllm"), "serve", "m", "--port", "0"], GRACE)) as process:
        process.kill()
    engines.wait_for_end()


def run(*argv: str, send: int | None = None) -> tuple[int, str]:
    """Under the supervisor, to its end; its status and what was said."""
    with subprocess.Popen(
        supervised(argv, GRACE), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        if send is not None:
            assert process.stderr.readline() == "ready\n"
            os.kill(process.pid, send)
        said = process.stderr.read()
        return process.wait(20), said


def test_its_status_is_that_of_the_program() -> None:
    assert run(sys.executable, "-c", "raise SystemExit(7)") == (7, "")
    assert run(sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")[0] == 128 + 9


def test_what_the_program_prints_goes_to_the_log_as_well() -> None:
    assert run(sys.executable, "-c", "print('hello')") == (0, "hello\n")


def test_told_to_end_it_asks_before_it_kills() -> None:
    polite = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', file=sys.stderr, flush=True)\n"
        "time.sleep(600)\n"
    )
    assert run(sys.executable, "-c", polite, send=signal.SIGTERM)[0] == 5
    stubborn = polite.replace("lambda *_: sys.exit(5)", "signal.SIG_IGN")
    assert run(sys.executable, "-c", stubborn, send=signal.SIGTERM)[0] == 128 + 9


def test_what_a_program_leaves_behind_ends_with_it(engines: Engines) -> None:
    leaves = (
        "import subprocess, sys\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "subprocess.Popen(sleep, start_new_session=True, stderr=subprocess.DEVNULL)\n"
    )
    assert run(sys.executable, "-c", leaves) == (0, "")
    engines.wait_for_end()


def test_a_program_that_cannot_be_called_is_named(tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "nothing"))
    assert code == 127
    assert said == f"cannot call {tmp_path / 'nothing'}: No such file or directory\n"
