"""An engine ends with AutoMem, however AutoMem ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from automem_backends.engines import supervisor

from .conftest import Engines, program

pytestmark = pytest.mark.anyio

HOST = """
import subprocess, sys, time
argv = sys.argv[1:]
subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""


def supervised(*argv: str, grace: str = "0.3") -> list[str]:
    return [sys.executable, "-I", "-S", supervisor.__file__, grace, *argv]


async def none_left(engines: Engines) -> bool:
    with anyio.move_on_after(20):
        while engines.processes():
            await anyio.sleep(0.02)
        return True
    return False


@pytest.mark.parametrize("fault", ["child", "ignores-sigterm"])
async def test_it_ends_an_engine_whose_owner_was_killed(engines: Engines, fault: str) -> None:
    engine = (*program("vllm"), "serve", "m", "--port", "0", "--fault", fault, "--fault", "child")
    owner = subprocess.Popen(
        [sys.executable, "-c", HOST, *supervised(*engine)], stderr=subprocess.PIPE
    )
    assert owner.stderr
    while b"Uvicorn" not in await anyio.to_thread.run_sync(owner.stderr.readline):
        pass
    assert len(engines.processes()) == 4
    owner.kill()
    owner.wait()
    assert await none_left(engines)
    owner.stderr.close()


async def test_it_takes_the_engine_along_when_it_is_killed_itself(engines: Engines) -> None:
    engine = (*program("vllm"), "serve", "m", "--port", "0")
    with subprocess.Popen(
        supervised(*engine), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        while b"Uvicorn" not in await anyio.to_thread.run_sync(process.stderr.readline):
            pass
        process.kill()
    assert await none_left(engines)


def run(*argv: str, send: int | None = None) -> tuple[int, str]:
    """Under the supervisor, to its end; its status and what was said."""
    with subprocess.Popen(
        supervised(*argv), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
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


async def test_what_a_program_leaves_behind_ends_with_it(engines: Engines) -> None:
    leaves = (
        "import subprocess, sys\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "subprocess.Popen(sleep, start_new_session=True, stderr=subprocess.DEVNULL)\n"
    )
    code, _ = await anyio.to_thread.run_sync(run, sys.executable, "-c", leaves)
    assert code == 0
    assert await none_left(engines)


def test_a_program_that_cannot_be_called_is_named(tmp_path: Path) -> None:
    code, said = run(str(tmp_path / "nothing"))
    assert code == 127
    assert said == f"cannot call {tmp_path / 'nothing'}: No such file or directory\n"
