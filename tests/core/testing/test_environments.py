"""The check of environments finds every way to break the contract, and says which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from automem_hanoi import Hanoi

from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.testing.environments import check_environment


class Counter:
    """A sound game that counts its steps; its subclasses are each unsound in one way."""

    made = 0

    def __init__(self) -> None:
        self.info = EnvironmentInfo(name="counter", actions=("up", "rest"), default_action="rest")
        self.count = 0

    def reset(self, seed: int) -> Observation:
        self.count = seed
        return self.see()

    def step(self, action: str) -> StepResult:
        self.count += action == "up"
        done = min(1.0, self.count / 50)
        return StepResult(
            observation=self.see(), progression=done, ended="full" if done == 1 else None
        )

    def see(self) -> Observation:
        return Observation(text=str(self.count))

    def frame(self) -> Frame | None:
        return None

    def close(self) -> None:
        self.count = 0


class AnyText(Counter):
    def __init__(self) -> None:
        super().__init__()
        self.info = EnvironmentInfo(name="talker", default_action="hm")


class Short(Counter):
    """Over before every action was tried."""

    def step(self, action: str) -> StepResult:
        return StepResult(observation=self.see(), progression=1.0, ended="full")


class Remembers(Counter):
    def reset(self, seed: int) -> Observation:
        Remembers.made += 1
        self.count = Remembers.made
        return self.see()


class KeepsCount(Counter):
    def reset(self, seed: int) -> Observation:
        return self.see()


class MovedByLooking(Counter):
    def frame(self) -> Frame | None:
        self.count += 1
        return None


class Backward(Counter):
    def step(self, action: str) -> StepResult:
        self.count += 1
        return StepResult(observation=self.see(), progression=1 / self.count)


class Overfull(Counter):
    def step(self, action: str) -> StepResult:
        return StepResult(observation=self.see(), progression=1.5)


class ChangesItsInfo(Counter):
    def step(self, action: str) -> StepResult:
        self.info = msgspec.structs.replace(self.info, max_steps=self.info.max_steps - 1)
        return super().step(action)


class RefusesLastAction(Counter):
    def __init__(self) -> None:
        super().__init__()
        actions = tuple(str(number) for number in range(99))
        self.info = EnvironmentInfo(name="many", actions=actions, default_action="0")

    def step(self, action: str) -> StepResult:
        if action == "98":
            raise KeyError(action)
        return super().step(action)


class StrangeDefault(Counter):
    def __init__(self) -> None:
        super().__init__()
        self.info = msgspec.structs.replace(self.info, default_action="sit")


class ClosesOnce(Counter):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise ValueError("closed twice")
        self.closed = True


@pytest.mark.parametrize(
    "make",
    [Counter, Short, AnyText, lambda: Hanoi("3-disks", None), lambda: Hanoi("4-disks", None)],
)
def test_a_sound_environment_passes(make: Callable[[], Any]) -> None:
    check_environment(make)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Remembers, "the same actions gave two different episodes with seed 1"),
        (KeepsCount, "a second reset with the same seed differs"),
        (MovedByLooking, r"frame\(\) changed the game with seed 1"),
        (Backward, "progression fell from 0.5 to 0.33"),
        (Overfull, r"progression is 1.5, not in 0..1 \(seed 1\)"),
        (ChangesItsInfo, "info changed in the course of an episode"),
        (RefusesLastAction, r"the accepted action '98' raised KeyError\('98'\)"),
        (StrangeDefault, "the default action 'sit' is not one of the accepted actions"),
    ],
)
def test_what_breaks_the_contract_is_said_in_a_sentence(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_environment(make, steps=20)


def test_a_close_that_works_once_is_not_enough() -> None:
    with pytest.raises(AssertionError, match="a second close raised"):
        check_environment(ClosesOnce)
