"""A process that was kept from computing is waited for; one that computes is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from automem.processes.jail.cell import Broken
from automem.processes.jail.patience import Patience, computed_seconds


async def never(_descriptor: int) -> None:
    await anyio.sleep_forever()


@pytest.fixture
def stopped() -> Iterator[int]:
    """A process that is not let run."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        yield process.pid
        process.kill()


@pytest.mark.anyio
async def test_a_process_that_does_not_run_is_waited_for_longer(stopped: int) -> None:
    waits = 0

    async def counted(descriptor: int) -> None:
        nonlocal waits
        waits += 1
        await never(descriptor)

    with pytest.raises(Broken, match=r"more than 0\.01 s"):
        await Patience(0.01, stopped).wait(counted, 0)
    assert waits > 1


@pytest.mark.anyio
@pytest.mark.parametrize("process", [None, 2**22 - 1])
async def test_without_a_clock_the_wall_clock_decides(process: int | None) -> None:
    assert computed_seconds(process) is None
    with pytest.raises(Broken) as broken:
        await Patience(0.01, process).wait(never, 0)
    assert broken.value.kind == "timeout"


@pytest.mark.anyio
async def test_what_is_ready_is_not_waited_for() -> None:
    async def at_once(_descriptor: int) -> None:
        await anyio.lowlevel.checkpoint()

    await Patience(60.0, os.getpid()).wait(at_once, 0)


def test_the_clock_of_a_process_goes_on() -> None:
    before = computed_seconds(os.getpid())
    total = sum(range(100_000))
    after = computed_seconds(os.getpid())
    assert total
    assert before is not None
    assert after is not None
    assert after > before
