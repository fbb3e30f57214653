"""A model whose answers are written down beforehand: the test double of every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from automem.errors import ModelError
from automem.records.model import ModelReply, ModelRequest, Usage

Answer = str | ModelReply | Exception
"""An exception is raised."""


def count_tokens(text: str) -> int:
    """Tokens as this package's fakes count them: one for every four characters begun."""
    return -(-len(text) // 4)


def count_usage(request: ModelRequest, text: str) -> Usage:
    """Usage of an answer by `count_tokens`; nothing is ever cached."""
    return Usage(
        input_tokens=sum(count_tokens(message.content) for message in request.messages),
        output_tokens=count_tokens(text),
    )


@dataclass(slots=True)
class ScriptedModel:
    """A backend that answers from a list, in order, or by asking a function.

    A plain text gets counted usage. A list that runs out raises ModelError, not retryable.
    """

    answers: Iterable[Answer] | Callable[[ModelRequest], Answer]
    name: str = "scripted"
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest], init=False)
    """Every request, in order."""
    is_closed: bool = field(default=False, init=False)
    _answer: Callable[[ModelRequest], Answer] = field(init=False)

    def __post_init__(self) -> None:
        if callable(self.answers):
            self._answer = self.answers
            return
        written = iter(tuple(self.answers))

        def following(request: ModelRequest) -> Answer:
            told = f"the script has no answer left for call {len(self.requests)}"
            return next(written, ModelError(f"{told} ({request.identity})"))

        self._answer = following

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Give the next answer."""
        self.requests.append(request)
        answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ModelReply):
            return answer
        return ModelReply(text=answer, usage=count_usage(request, answer), model=self.name)

    async def aclose(self) -> None:
        """Remember having been closed."""
        self.is_closed = True
