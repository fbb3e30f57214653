"""Model calls per second, and what a call costs the host's CPU, through router and client."""

from __future__ import annotations

import resource
import time

import anyio
from engine_process import engine_process
from figures import Figure

from automem.models.router import open_router
from automem.plugins import load_plugins
from automem.records.config import RoleSection
from automem.records.model import Message, ModelRequest

CALLS = 4000
AT_ONCE = 500
DELAY_SECONDS = 0.2
PROMPT = "You see:\n- grass 1 step to your north\n" * 80
"""About 800 tokens, as a PLAN prompt has."""


async def play(url: str) -> tuple[float, float]:
    """Wall and CPU seconds of all calls, made by AT_ONCE callers."""
    section = RoleSection(backend="openai-compatible", model="m", options={"base_url": url})
    async with open_router({"default": section}, load_plugins()) as router:

        async def caller(number: int) -> None:
            for call in range(CALLS // AT_ONCE):
                messages = (
                    Message(role="system", content=PROMPT),
                    Message(role="user", content=f"Step {call}: commit by <|ACTION|>."),
                )
                await router.ask(
                    "memory", ModelRequest(messages=messages, identity=f"b/{number}/{call}")
                )

        began, used = time.perf_counter(), _cpu_seconds()
        async with anyio.create_task_group() as tasks:
            for number in range(AT_ONCE):
                tasks.start_soon(caller, number)
        return time.perf_counter() - began, _cpu_seconds() - used


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure() -> list[Figure]:
    """The figures of this file."""
    with engine_process(DELAY_SECONDS) as engine:
        wall, cpu = anyio.run(play, engine.url)
    about = f"{CALLS} calls, {AT_ONCE} callers, {DELAY_SECONDS * 1000:.0f} ms engine"
    return [
        Figure("model calls", f"{CALLS / wall:,.0f}/s", about),
        Figure("host CPU per model call", f"{cpu / CALLS * 1000:.2f} ms", about),
    ]
