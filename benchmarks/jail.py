"""What a call of jailed code costs the host, and what starting a jail costs."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import anyio
import structlog
from figures import Figure

from automem.processes.jail import open_jail, self_test
from automem.records.jail import JailLevel

CALLS = 5000
STARTS = 10
SOURCE = """
def remember(context):
    lines = context["observation"].splitlines()
    return {"writes": [{"file": "map.txt", "lines": lines}], "step": context["step"]}
"""
CONTEXT: dict[str, object] = {
    "step": 17,
    "observation": "You see:\n- grass 1 step to your north\n" * 52,
    "status": {"health": 9, "food": 8, "drink": 7},
    "files": ["map.txt", "plan.txt"],
}
"""About 2 KB, and the reply is as long."""


async def call_seconds(level: JailLevel, folder: Path) -> list[float]:
    """Of each call."""
    taken: list[float] = []
    async with open_jail(SOURCE, name="code.py", level=level, log=folder / "jail.log") as jail:
        for _ in range(CALLS):
            began = time.perf_counter()
            await jail.call("remember", CONTEXT)
            taken.append(time.perf_counter() - began)
    return taken


async def start_seconds(level: JailLevel, folder: Path) -> list[float]:
    """Of starting, loading and ending."""
    taken: list[float] = []
    for _ in range(STARTS):
        began = time.perf_counter()
        async with open_jail(SOURCE, name="code.py", level=level, log=folder / "jail.log"):
            taken.append(time.perf_counter() - began)
    return taken


async def test_seconds() -> tuple[JailLevel, float]:
    """The level proven, and how long that took."""
    began = time.perf_counter()
    report = await self_test()
    return report.level, time.perf_counter() - began


def measure() -> list[Figure]:
    """The figures of this file."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    level, testing = anyio.run(test_seconds)
    with tempfile.TemporaryDirectory() as folder:
        calls = anyio.run(call_seconds, level, Path(folder))
        starts = anyio.run(start_seconds, level, Path(folder))
    median = statistics.median(calls) * 1e6
    slow = sorted(calls)[int(len(calls) * 0.99)] * 1e6
    started = statistics.median(starts) * 1000
    about = f"level '{level}', {CALLS} calls"
    return [
        Figure("call of jailed code, 2 KB in and out", f"{median:.0f} us", about, "50 us"),
        Figure("the slowest hundredth of them takes at least", f"{slow:.0f} us", about),
        Figure("start of a jail", f"{started:.0f} ms", f"level '{level}', median of {STARTS}"),
        Figure("self-test of the jail", f"{testing * 1000:.0f} ms", "every probe, once"),
    ]
