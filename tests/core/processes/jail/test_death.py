"""Jailed processes end with their host, however it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from automem.processes.jail import JailLevel

from .conftest import LOCKED, STRONGEST

HOST = """
import sys
from pathlib import Path

import anyio

from automem.errors import CodeFault
from automem.processes.jail import JailLimits, open_jail

SOURCE = "def loop():\\n    while True: pass\\ndef one(): return 1"
LIMITS = JailLimits(call_seconds=600)


async def main(level, log):
    async with (
        open_jail(SOURCE, name="a", level=level, log=log) as idle,
        open_jail(SOURCE, name="b", level=level, limits=LIMITS, log=log) as busy,
        anyio.create_task_group() as tasks,
    ):
        await idle.call("one")
        tasks.start_soon(busy.call, "loop")
        await anyio.lowlevel.checkpoint()
        print(idle.pid, busy.pid, flush=True)
        await anyio.sleep_forever()


anyio.run(main, sys.argv[1], Path(sys.argv[2]))
"""
MOST_SECONDS = 20


def ended(process: int) -> bool:
    """Whether the process is gone, or goes before a test would be hung."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], MOST_SECONDS)[0])
    finally:
        os.close(descriptor)


def descendants(process: int) -> list[int]:
    """The processes below one, through bubblewrap's."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process:
            found += [int(stat.parent.name), *descendants(int(stat.parent.name))]
    return found


@pytest.mark.parametrize(
    ("level", "number"),
    [
        *((level, signal.SIGKILL) for level in (*LOCKED, "none")),
        (STRONGEST, signal.SIGTERM),
        (STRONGEST, signal.SIGINT),
    ],
)
def test_nothing_is_left_when_the_host_is_killed(
    level: JailLevel, number: signal.Signals, tmp_path: Path
) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, level, str(tmp_path / "jail.log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert host.stdout is not None
    named = {int(word) for word in host.stdout.readline().split()}
    started = set(descendants(host.pid))
    assert len(named) == 2
    assert named <= started
    host.send_signal(number)
    host.wait(MOST_SECONDS)
    host.stdout.close()
    assert [process for process in started if not ended(process)] == []
