"""A program that ends with whoever asked for it, with and without the kernel's help."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automem_meta.providers import claude_code_guard as guard

GUARD = str(Path(guard.__file__))
CHATTY = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
WATCH = (
    "import os, runpy, sys; guard = runpy.run_path(sys.argv[1]);"
    "sys.exit(guard['watch'](sys.argv[2:], os.getppid(), dict(os.environ)))"
)
# A host that starts a guard and is then killed before it could end anything.
HOST = "import subprocess, sys; subprocess.run(sys.argv[1:])"
GUARDS = {"kernel": [GUARD], "watch": ["-c", WATCH, GUARD]}


def command(kind: str, *program: str) -> list[str]:
    return [sys.executable, *GUARDS[kind], *program]


@contextmanager
def started(line: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """What is started, and the process of the program behind it, which has said so."""
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        program = os.pidfd_open(int(process.stdout.readline()))
        try:
            yield process, program
        finally:
            process.kill()
            os.close(program)


def ended(program: int) -> bool:
    readable, _, _ = select.select([program], [], [], 20.0)
    return bool(readable)


@pytest.mark.parametrize("kind", GUARDS)
def test_a_program_s_input_output_and_status_are_its_own(kind: str) -> None:
    code = "import sys; print(sys.stdin.read().upper(), sys.argv[1:]); sys.exit(7)"
    line = command(kind, sys.executable, "-c", code, "a b", "--flag")
    done = subprocess.run(line, input=b"said", capture_output=True, check=False)
    assert (done.stdout, done.returncode) == (b"SAID ['a b', '--flag']\n", 7)


@pytest.mark.parametrize("kind", GUARDS)
def test_a_program_ends_with_a_host_that_is_killed(kind: str) -> None:
    program = command(kind, sys.executable, "-c", CHATTY)
    with started([sys.executable, "-c", HOST, *program]) as (host, chatty):
        host.send_signal(signal.SIGKILL)
        assert ended(chatty)


@pytest.mark.parametrize("kind", GUARDS)
def test_a_program_ends_when_it_is_told_to(kind: str) -> None:
    with started(command(kind, sys.executable, "-c", CHATTY)) as (process, chatty):
        process.terminate()
        assert ended(chatty)
        assert process.wait() in (-signal.SIGTERM, 256 - signal.SIGTERM)


def test_what_is_empty_is_not_in_the_program_s_environment() -> None:
    line = command("kernel", "/usr/bin/env")
    given = {"KEPT": "1", "EMPTIED": ""}
    done = subprocess.run(line, env=given, capture_output=True, check=True)
    assert b"KEPT=1\n" in done.stdout
    assert b"EMPTIED" not in done.stdout
