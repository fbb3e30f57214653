"""One phase's exchange with a model: messages that only grow."""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.records.model import Message


@dataclass(slots=True)
class Conversation:
    """The messages of one LOG or PLAN, and how many of them a trace holds already."""

    messages: list[Message] = field(default_factory=list[Message])
    recorded: int = 0
    """Messages before this one are in the trace."""
    turns: int = 0
    """Calls made so far."""

    def system(self, text: str) -> None:
        """Add the system message, if there is one to add."""
        if text:
            self.messages.append(Message(role="system", content=text))

    def user(self, text: str) -> None:
        """Add what the model is told."""
        self.messages.append(Message(role="user", content=text))

    def assistant(self, text: str) -> None:
        """Add what the model said."""
        self.messages.append(Message(role="assistant", content=text))

    def new(self) -> tuple[Message, ...]:
        """The messages that no call has carried yet."""
        return tuple(self.messages[self.recorded :])

    def answered(self, text: str) -> None:
        """Take the reply to what was just asked; it counts as recorded with its call."""
        self.assistant(text)
        self.recorded = len(self.messages)
        self.turns += 1
