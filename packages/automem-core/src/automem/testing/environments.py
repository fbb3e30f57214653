"""What every environment must keep to, as one check that its author can call in a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from automem.protocols import Environment
from automem.records.environment import EnvironmentInfo, Observation, StepResult

_NONSENSE = "dance the macarena"


def check_environment(
    make: Callable[[], Environment], *, seeds: Sequence[int] = (1, 2), steps: int = 60
) -> None:
    """Play environments that `make` gives and compare. Raises AssertionError with a sentence."""
    for seed in seeds:
        first = _play(make(), seed, steps)
        _expect(
            _play(make(), seed, steps) == first,
            f"the same actions gave two different episodes with seed {seed}",
        )
        _expect(
            _play(make(), seed, steps, looking=True) == first,
            f"frame() changed the game with seed {seed}",
        )
        _check_progression([result.progression for _, result in first[1]], seed)
    _check_repeated_use(make(), seeds[0], steps)
    _check_every_action(make(), seeds[0])


_Episode = tuple[Observation, list[tuple[str, StepResult]]]


def _play(environment: Environment, seed: int, steps: int, *, looking: bool = False) -> _Episode:
    """Play a fixed order of actions that depends on the step alone."""
    info = environment.info
    first = environment.reset(seed)
    played: list[tuple[str, StepResult]] = []
    for step in range(min(steps, info.max_steps)):
        if looking:
            environment.frame()
        action = _action(info, step)
        result = environment.step(action)
        played.append((action, result))
        if result.ended is not None:
            break
    _expect(environment.info == info, "info changed in the course of an episode")
    environment.close()
    try:
        environment.close()
    except Exception as error:
        raise AssertionError(f"a second close raised {error!r}") from error
    return first, played


def _action(info: EnvironmentInfo, step: int) -> str:
    if not info.actions:
        return info.default_action if step % 2 else _NONSENSE
    # Squares spread over the actions without a pattern of one action after another.
    return info.actions[(step * step + step // 3) % len(info.actions)]


def _check_progression(progression: Sequence[float], seed: int) -> None:
    best = 0.0
    for step, value in enumerate(progression):
        _expect(0.0 <= value <= 1.0, f"progression is {value}, not in 0..1 (seed {seed})")
        _expect(value >= best, f"progression fell from {best} to {value} at step {step}")
        best = value


def _check_repeated_use(environment: Environment, seed: int, steps: int) -> None:
    first = environment.reset(seed)
    info = environment.info
    for step in range(min(steps, info.max_steps)):
        if environment.step(_action(info, step)).ended is not None:
            break
    _expect(environment.reset(seed) == first, "a second reset with the same seed differs")
    environment.close()


def _check_every_action(environment: Environment, seed: int) -> None:
    """Each accepted action, the default first, is answered; an episode that ends goes on anew."""
    info = environment.info
    _expect(
        not info.actions or info.default_action in info.actions,
        f"the default action {info.default_action!r} is not one of the accepted actions",
    )
    environment.reset(seed)
    for action in (info.default_action, *info.actions):
        try:
            if environment.step(action).ended is not None:
                environment.reset(seed)
        except Exception as error:
            raise AssertionError(f"the accepted action {action!r} raised {error!r}") from error
    environment.close()


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like assert
    if not holds:
        raise AssertionError(otherwise)
