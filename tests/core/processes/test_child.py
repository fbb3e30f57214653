"""A child lives as long as its owner's block, and knows no secrets."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from automem.processes.child import Child, child, inherited

pytestmark = pytest.mark.anyio

STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


async def line(process: Child) -> bytes:
    return await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 100)


async def test_words_go_in_and_out_and_errors_to_the_log(tmp_path: Path) -> None:
    code = "import sys; print(input().upper(), flush=True); sys.exit('a last word')"
    log = tmp_path / "logs" / "child.log"
    async with child([sys.executable, "-c", code], log=log) as process:
        await process.stdin.send(b"hello\n")
        assert await line(process) == b"HELLO"
        assert await process.process.wait() == 1
    assert log.read_text(encoding="utf-8") == "a last word\n"


async def test_leaving_ends_a_child_that_ignores_being_asked(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", STUBBORN]
    async with child(argv, log=tmp_path / "log", grace_seconds=0.05) as process:
        assert await line(process) == b"ready"
    assert process.process.returncode == -9


async def test_cancelling_ends_the_child_too(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "input()"]
    with anyio.CancelScope() as scope:
        async with child(argv, log=tmp_path / "log") as process:
            scope.cancel()
            await process.stdout.receive()
    assert process.process.returncode == -15
    assert process.pid > 0


async def test_one_that_is_cancelled_while_it_starts_is_ended_as_well(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "input()"]
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with child(argv, log=tmp_path / "log") as process:
            await process.stdout.receive()
    assert process.process.returncode == -15


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with child([str(tmp_path / "nothing")], log=tmp_path / "log"):
            pass


async def test_more_variables_can_be_handed_over(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import os; print(os.environ['COLOR'], flush=True)"]
    async with child(argv, log=tmp_path / "log", env={"COLOR": "red"}) as process:
        assert await line(process) == b"red"


def test_secrets_are_not_inherited() -> None:
    environ = {
        "OPENAI_API_KEY": "1",
        "HF_TOKEN": "2",
        "my_secret": "3",
        "DB_PASSWORD": "4",
        "PATH": "/bin",
    }
    kept = inherited(environ)
    assert "PATH" in kept
    assert not kept.keys() & (environ.keys() - {"PATH"})


def test_numeric_libraries_get_one_thread_unless_asked() -> None:
    assert inherited({})["OMP_NUM_THREADS"] == "1"
    assert inherited({"OMP_NUM_THREADS": "4"})["OMP_NUM_THREADS"] == "4"
