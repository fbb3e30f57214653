"""What a provider of chats has to bring: one turn for one conversation."""

from __future__ import annotations

from typing import Protocol

from automem.errors import ModelError
from automem.records.review import MetaTurn
from automem_meta.session.conversation import Conversation


class ContextTooLong(ModelError):
    """The conversation does not fit into the model's context; a shorter one may."""


class Chat(Protocol):
    """A meta-LLM behind a chat API. It makes one attempt; retries and prices are the loop's."""

    @property
    def name(self) -> str:
        """Who is asked, for messages: the provider and its model."""
        ...

    async def turn(self, conversation: Conversation) -> MetaTurn:
        """The model's next turn, with its usage and in `raw` what the next request needs of it.

        Raises ModelError, with `retryable` set where it may pass, and ContextTooLong.
        """
        ...

    async def aclose(self) -> None:
        """Release connections. May be called twice."""
        ...
