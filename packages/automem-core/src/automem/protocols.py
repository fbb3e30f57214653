"""The contracts between the engine and what plugins provide."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.records.model import ModelReply, ModelRequest
from automem.records.result import EpisodeResult
from automem.records.trace import AnyEvent


class Environment(Protocol):
    """A text game; all that a game's author writes. It lives in a worker process.

    The same seed and actions must give the same episode, in any process. Anything may be raised:
    the engine reports it as a failure of the environment, never as a score.
    """

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself; constant over an episode."""
        ...

    def reset(self, seed: int) -> Observation:
        """Begin an episode."""
        ...

    def step(self, action: str) -> StepResult:
        """Play one action, one of `info.actions` if there are any."""
        ...

    def frame(self) -> Frame | None:
        """Draw the present state without changing it; None if there is nothing to draw."""
        ...

    def close(self) -> None:
        """Release what is held. May be called twice."""
        ...


class EnvironmentSession(Protocol):
    """One environment as the host sees it: the same verbs, answered by a worker."""

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself."""
        ...

    async def reset(self, seed: int) -> Observation:
        """Begin an episode. Raises EnvironmentFailure."""
        ...

    async def step(self, action: str) -> StepResult:
        """Play one action. Raises EnvironmentFailure."""
        ...

    async def frame(self) -> Frame | None:
        """Draw the present state."""
        ...


class Backend(Protocol):
    """A source of answers: an engine behind HTTP, or something embedded.

    It makes one attempt per call; queueing, retries, deadlines and accounting are the engine's.
    """

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one conversation. Raises ModelError, with `retryable` set where it may pass."""
        ...

    async def aclose(self) -> None:
        """Release connections. May be called twice."""
        ...


class RunView(Protocol):
    """What a subscriber may know of the run it watches."""

    @property
    def path(self) -> Path:
        """The run's folder."""
        ...

    @property
    def name(self) -> str:
        """The run's name."""
        ...


class Subscriber(Protocol):
    """Told of everything that happens, in order, for each episode."""

    def on_event(self, task: str, seed: int, event: AnyEvent) -> None:
        """Told of a trace event just after it was written. Must return quickly."""
        ...

    def on_result(self, result: EpisodeResult) -> None:
        """Told that an episode is complete."""
        ...
