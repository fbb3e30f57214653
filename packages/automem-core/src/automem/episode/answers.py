"""Where an episode's answers come from, as far as the episode knows."""

from __future__ import annotations

from typing import NoReturn, Protocol

from automem.errors import ReplayMismatch
from automem.models.retry import OnRetry
from automem.records.model import ModelReply, ModelRequest, Role, Sampling


class Answers(Protocol):
    """The models of both roles; `automem.models.router.Router` is one."""

    def describe(self, role: Role) -> str:
        """Who answers for a role."""
        ...

    def sampling(self, role: Role) -> Sampling:
        """How answers of this role are drawn."""
        ...

    def seeded(self, role: Role) -> bool:
        """Whether calls of this role carry a seed of their own."""
        ...

    async def ask(
        self, role: Role, request: ModelRequest, *, on_retry: OnRetry | None = None
    ) -> ModelReply:
        """Get an answer. Raises ModelError when the call failed for good."""
        ...


class NoAnswers:
    """For proving a recorded episode: whoever asks beyond the recording departs from it."""

    def describe(self, role: Role) -> str:
        """Nobody."""
        return f"recorded {role}"

    def sampling(self, role: Role) -> Sampling:
        """As it was."""
        return Sampling()

    def seeded(self, role: Role) -> bool:
        """Nothing is sent."""
        return False

    async def ask(
        self, role: Role, request: ModelRequest, *, on_retry: OnRetry | None = None
    ) -> NoReturn:
        """Refuse. Raises ReplayMismatch."""
        raise ReplayMismatch(f"the recording is over, but the {role} role is asked on")
