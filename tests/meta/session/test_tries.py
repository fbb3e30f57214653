"""Tries of one turn: what is counted, and what ends them."""

from __future__ import annotations

import math
from random import Random

import pytest

from automem.errors import MetaError, ModelError
from automem.records.review import MetaTurn
from automem_meta.session.tries import Patience, try_turn

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Server:
    """Fails as often as told, each time after `seconds`."""

    def __init__(self, clock: Clock, failures: int, seconds: float, error: ModelError) -> None:
        self.clock, self.failures, self.seconds, self.error = clock, failures, seconds, error
        self.tries = 0

    async def __call__(self) -> MetaTurn:
        self.tries += 1
        self.clock.now += self.seconds
        if self.tries <= self.failures:
            raise self.error
        return MetaTurn(text="So.")


def patience(clock: Clock, retries: int = 8) -> Patience:
    return Patience(
        timeout_seconds=100.0, retries=retries, random=Random(1), clock=clock, sleep=clock.sleep
    )


async def test_a_turn_knows_its_tries_its_wait_and_its_own_seconds() -> None:
    clock = Clock()
    server = Server(clock, 2, 3.0, ModelError("busy", retryable=True))
    turn = await try_turn(server, "x", patience(clock), math.inf)
    assert (turn.retries, turn.seconds) == (2, pytest.approx(3.0))
    assert 6.0 < turn.waited_seconds == pytest.approx(clock.now - 3.0)


async def test_the_deadline_ends_tries_that_are_left() -> None:
    clock = Clock()
    server = Server(clock, 99, 40.0, ModelError("busy", retryable=True))
    with pytest.raises(MetaError, match=r"busy \(\d tries"):
        await try_turn(server, "x", patience(clock), math.inf)
    assert server.tries == 3


async def test_what_is_left_of_the_budget_is_a_deadline_too() -> None:
    clock = Clock()
    server = Server(clock, 99, 40.0, ModelError("busy", retryable=True))
    with pytest.raises(MetaError, match=r"1 try"):
        await try_turn(server, "x", patience(clock), 30.0)


async def test_the_last_error_is_the_cause() -> None:
    error = ModelError("no such model", status=404)
    clock = Clock()
    with pytest.raises(MetaError, match=r"no such model \(1 try, 0\.0 s\)") as caught:
        await try_turn(Server(clock, 1, 0.0, error), "x", patience(clock), math.inf)
    assert caught.value.__cause__ is error
