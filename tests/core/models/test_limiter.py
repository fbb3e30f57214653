"""The window over calls to one endpoint."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from automem.models.limiter import FIRST_WINDOW, LARGEST_WINDOW, AdaptiveLimiter

pytestmark = pytest.mark.anyio


async def fill(limiter: AdaptiveLimiter) -> list[int]:
    """Take every place of the window."""
    return [await limiter.acquire() for _ in range(int(limiter.window) - limiter.in_flight)]


async def answered_while_full(limiter: AdaptiveLimiter, calls: int) -> None:
    """Answers to `calls` calls, each of whose places is taken again at once."""
    rounds = await fill(limiter)
    for _ in range(calls):
        limiter.succeeded(rounds.pop(0))
        rounds += await fill(limiter)
    for _ in rounds:
        limiter.failed()


async def test_a_window_in_full_use_doubles_with_every_round_trip() -> None:
    limiter = AdaptiveLimiter()
    await answered_while_full(limiter, FIRST_WINDOW)
    assert limiter.window == 2 * FIRST_WINDOW


async def test_a_window_that_is_not_used_does_not_grow() -> None:
    limiter = AdaptiveLimiter()
    for _ in range(1000):
        limiter.succeeded(await limiter.acquire())
    assert limiter.window == FIRST_WINDOW


async def test_the_user_s_cap_is_never_exceeded() -> None:
    limiter = AdaptiveLimiter(most=3)
    await answered_while_full(limiter, 50)
    assert limiter.window == 3


async def test_a_cap_above_the_first_window_is_reached_and_kept() -> None:
    limiter = AdaptiveLimiter(most=FIRST_WINDOW + 2)
    await answered_while_full(limiter, 10)
    assert limiter.window == FIRST_WINDOW + 2


async def test_there_is_a_largest_window_without_a_cap() -> None:
    assert AdaptiveLimiter().largest == LARGEST_WINDOW
    assert AdaptiveLimiter(most=10**6).largest == LARGEST_WINDOW


async def test_refusals_of_one_round_cut_the_window_once() -> None:
    limiter = AdaptiveLimiter()
    rounds = await fill(limiter)
    for call_round in rounds[:20]:
        limiter.refused(call_round)
    assert limiter.window == FIRST_WINDOW / 2


async def test_a_refusal_in_the_next_round_cuts_again() -> None:
    limiter = AdaptiveLimiter()
    for call_round in await fill(limiter):
        limiter.refused(call_round)
    for call_round in await fill(limiter):
        limiter.refused(call_round)
    assert limiter.window == FIRST_WINDOW / 4


async def test_the_window_never_closes() -> None:
    limiter = AdaptiveLimiter(most=1)
    for _ in range(5):
        limiter.refused(await limiter.acquire())
    assert limiter.window == 1


async def test_after_a_cut_a_full_round_adds_about_one() -> None:
    limiter = AdaptiveLimiter()
    for call_round in await fill(limiter):
        limiter.refused(call_round)
    window = limiter.window
    await answered_while_full(limiter, int(window))
    assert window < limiter.window <= window + 1


async def test_answers_to_calls_from_before_a_cut_do_not_grow_the_window() -> None:
    limiter = AdaptiveLimiter()
    first, *others = await fill(limiter)
    limiter.refused(first)
    window = limiter.window
    for call_round in others:
        limiter.succeeded(call_round)
    assert limiter.window == window


async def test_callers_are_served_in_the_order_they_came() -> None:
    limiter = AdaptiveLimiter(most=1)
    served: list[int] = []

    async def call(number: int) -> None:
        await limiter.acquire()
        served.append(number)
        limiter.failed()

    first = await limiter.acquire()
    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(call, number)
        await anyio.wait_all_tasks_blocked()
        assert limiter.waiting == 5
        limiter.succeeded(first)
    assert served == [0, 1, 2, 3, 4]
    assert limiter.in_flight == limiter.waiting == 0


async def test_nobody_overtakes_the_queue() -> None:
    limiter = AdaptiveLimiter(most=2)
    served: list[str] = []

    async def call(name: str) -> None:
        await limiter.acquire()
        served.append(name)

    await fill(limiter)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, "patient")
        await anyio.wait_all_tasks_blocked()
        limiter.failed()
        tasks.start_soon(call, "late")
        await anyio.wait_all_tasks_blocked()
        assert served == ["patient"]
        limiter.failed()
    assert served == ["patient", "late"]


async def test_a_caller_that_gives_up_leaves_the_queue() -> None:
    limiter = AdaptiveLimiter(most=1)
    await limiter.acquire()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(limiter.acquire)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert limiter.waiting == 0
    assert limiter.in_flight == 1


async def test_a_place_granted_to_a_caller_that_gave_up_goes_to_the_next() -> None:
    limiter = AdaptiveLimiter(most=1)
    held = await limiter.acquire()
    doomed = asyncio.create_task(limiter.acquire())
    patient = asyncio.create_task(limiter.acquire())
    await anyio.wait_all_tasks_blocked()
    limiter.succeeded(held)
    doomed.cancel()
    assert await patient == held
    assert doomed.cancelled()
    assert (limiter.in_flight, limiter.waiting) == (1, 0)
