"""One call, tried until it is answered or given up; time passes only when it is told to."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import anyio
import pytest

from automem.errors import ModelError
from automem.models.limiter import FIRST_WINDOW, AdaptiveLimiter
from automem.models.retry import (
    LAST_TRY_SECONDS,
    LONGEST_WAIT_SECONDS,
    Attempts,
    Patience,
    backoff_seconds,
    wait_seconds,
)
from automem.records.model import ModelReply, Role

pytestmark = pytest.mark.anyio


@dataclass
class Time:
    """A clock that only sleeping and working move."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Halves(Random):
    """Draws the middle of every range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def patient(time: Time, *, timeout_seconds: float = 600.0, retries: int = 8) -> Patience:
    return Patience(timeout_seconds, retries, random=Halves(), clock=time.clock, sleep=time.sleep)


def scripted(
    time: Time, *outcomes: ModelReply | ModelError, seconds: float = 2.0
) -> Callable[[], Awaitable[ModelReply]]:
    """An attempt that takes `seconds` and comes to the next outcome."""
    following = iter(outcomes)

    async def attempt() -> ModelReply:
        time.now += seconds
        outcome = next(following)
        if isinstance(outcome, ModelError):
            raise outcome
        return outcome

    return attempt


def busy(retry_after_seconds: float | None = None, status: int | None = 503) -> ModelError:
    return ModelError(
        "busy", retryable=True, status=status, retry_after_seconds=retry_after_seconds
    )


ANSWER = ModelReply(text="yes")


async def test_an_answer_at_once_is_timed() -> None:
    time = Time()
    reply = await Attempts("memory", patient(time), AdaptiveLimiter()).run(scripted(time, ANSWER))
    assert (reply.text, reply.seconds, reply.waited_seconds, reply.retries) == ("yes", 2.0, 0.0, 0)
    assert time.slept == []


async def test_failed_tries_are_counted_and_their_time_is_the_wait() -> None:
    time = Time()
    attempts = Attempts("memory", patient(time), AdaptiveLimiter())
    reply = await attempts.run(scripted(time, busy(), busy(), ANSWER))
    assert time.slept == [0.25, 0.5]
    assert (reply.retries, reply.seconds, reply.waited_seconds) == (2, 2.0, 4.75)


async def test_every_retry_is_told_with_its_wait() -> None:
    time = Time()
    told: list[tuple[Role, int, float, str]] = []
    attempts = Attempts(
        "gameplay",
        patient(time),
        AdaptiveLimiter(),
        lambda role, tries, seconds, error: told.append((role, tries, seconds, str(error))),
    )
    await attempts.run(scripted(time, busy(), busy(3.0), ANSWER))
    assert told == [("gameplay", 1, 0.25, "busy"), ("gameplay", 2, 3.5, "busy")]


async def test_an_error_that_will_not_pass_is_not_tried_again() -> None:
    time = Time()
    attempts = Attempts("memory", patient(time), AdaptiveLimiter())
    with pytest.raises(ModelError, match="no such model"):
        await attempts.run(scripted(time, ModelError("no such model", status=404)))
    assert attempts.count == 1
    assert time.slept == []


async def test_the_number_of_retries_has_a_limit() -> None:
    time = Time()
    attempts = Attempts("memory", patient(time, retries=2), AdaptiveLimiter())
    with pytest.raises(ModelError, match="busy"):
        await attempts.run(scripted(time, busy(), busy(), busy()))
    assert attempts.count == 3
    assert len(time.slept) == 2


async def test_the_deadline_covers_tries_and_waits() -> None:
    time = Time()
    attempts = Attempts("memory", patient(time, timeout_seconds=5.0), AdaptiveLimiter())
    with pytest.raises(ModelError, match="busy"):
        await attempts.run(scripted(time, busy(), busy(), busy(), seconds=2.5))
    assert attempts.count == 2
    assert attempts.spent == 5.25


async def test_a_try_that_hangs_ends_with_the_deadline() -> None:
    limiter = AdaptiveLimiter()
    attempts = Attempts("memory", Patience(timeout_seconds=0.01, retries=8), limiter)

    async def hang() -> ModelReply:
        await anyio.sleep_forever()
        return ANSWER

    with pytest.raises(ModelError, match=r"the deadline of 0\.01 s has passed") as raised:
        await attempts.run(hang)
    assert raised.value.retryable
    assert limiter.in_flight == 0


async def test_the_queue_is_outside_the_deadline() -> None:
    time = Time()
    limiter = AdaptiveLimiter(most=1)
    held = await limiter.acquire()
    replies: list[ModelReply] = []

    async def ask() -> None:
        attempts = Attempts("memory", patient(time, timeout_seconds=5.0), limiter)
        replies.append(await attempts.run(scripted(time, ANSWER)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        time.now += 60.0
        limiter.succeeded(held)
    assert (replies[0].waited_seconds, replies[0].seconds) == (60.0, 2.0)


async def test_an_infinite_deadline_is_possible() -> None:
    time = Time()
    attempts = Attempts("memory", patient(time, timeout_seconds=math.inf), AdaptiveLimiter())
    assert (await attempts.run(scripted(time, ANSWER))).text == "yes"


@pytest.mark.parametrize(("status", "window"), [(429, 0.5), (503, 0.5), (500, 32), (None, 32)])
async def test_only_refusals_for_load_cut_the_window(status: int | None, window: float) -> None:
    time = Time()
    limiter = AdaptiveLimiter(most=32)
    attempts = Attempts("memory", patient(time, retries=0), limiter)
    with pytest.raises(ModelError):
        await attempts.run(scripted(time, busy(status=status)))
    assert limiter.window == max(1.0, window)
    assert limiter.in_flight == 0


async def test_a_crash_gives_the_place_back() -> None:
    limiter = AdaptiveLimiter()

    async def crash() -> ModelReply:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Attempts("memory", patient(Time()), limiter).run(crash)
    assert limiter.in_flight == 0
    assert limiter.window == FIRST_WINDOW


async def test_no_place_is_held_while_waiting_for_the_next_try() -> None:
    limiter = AdaptiveLimiter()
    held: list[int] = []
    time = Time()

    async def sleep(seconds: float) -> None:
        held.append(limiter.in_flight)
        time.now += seconds

    patience = Patience(600.0, 8, random=Halves(), clock=time.clock, sleep=sleep)
    await Attempts("memory", patience, limiter).run(scripted(time, busy(), ANSWER))
    assert held == [0]


def test_backoff_doubles_up_to_a_ceiling_and_is_spread_over_all_of_it() -> None:
    assert [backoff_seconds(tries, Halves()) for tries in (1, 2, 3)] == [0.25, 0.5, 1.0]
    for tries in (50, 5_000):
        assert backoff_seconds(tries, Halves()) == LONGEST_WAIT_SECONDS / 2
    drawn = [backoff_seconds(4, Random(seed)) for seed in range(200)]
    assert min(drawn) < 0.4
    assert 3.6 < max(drawn) <= 4.0


def test_what_the_server_asks_for_is_the_least_that_is_waited() -> None:
    assert wait_seconds(1, busy(20.0), left=600.0, random=Random(1)) >= 20.0


def test_a_long_retry_after_leaves_time_for_one_more_try() -> None:
    assert wait_seconds(1, busy(3600.0), left=600.0, random=Halves()) == 600.0 - LAST_TRY_SECONDS
    assert wait_seconds(1, busy(3600.0), left=10.0, random=Halves()) == 5.0
