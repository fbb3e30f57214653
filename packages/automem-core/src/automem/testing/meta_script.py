"""What a fake meta-LLM is asked and what it is to answer, whichever API it is reached by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

from msgspec import field

from automem.records._struct import Record
from automem.records.review import TurnEnd
from automem.testing.scripted import count_tokens

Api = Literal["anthropic", "openai", "openai-chat"]
MetaFaultKind = Literal["status", "overflow", "overloaded", "cut", "hang"]


class ScriptedCall(Record):
    """A tool that the model calls."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    malformed: str = ""
    """Sent in place of the arguments, to the letter."""


class ScriptedTurn(Record):
    """One answer."""

    text: str = ""
    thinking: str = ""
    """Shown as the API shows thoughts; the chat API has none."""
    calls: tuple[ScriptedCall, ...] = ()
    end: TurnEnd | None = None
    """None follows from the calls."""

    @property
    def ending(self) -> TurnEnd:
        """How the turn ends."""
        return self.end or ("tools" if self.calls else "end")


class MetaFault(Record):
    """What goes wrong with one request.

    `status` answers with that status; `overflow` says that the conversation is too long;
    `overloaded` ends a stream that has begun with an error; `cut` hangs up in the middle of the
    answer; `hang` never answers.
    """

    kind: MetaFaultKind
    status: int = 429
    message: str = "out of order"
    code: str = ""
    """The API's name of the error; empty is what the status is usually called."""
    retry_after: str = ""
    turn: ScriptedTurn = ScriptedTurn(text="This sentence is never heard to its end.")
    """What an answer that is not heard to its end would have been."""


class Asked(Record):
    """One request, told in the same words for every API."""

    api: Api
    number: int
    """1 for the first; side questions do not count."""
    turns: int
    """The model's own turns in the conversation so far, without empty ones."""
    model: str
    instructions: str
    told: tuple[str, ...]
    """What the host said, in order."""
    answers: tuple[str, ...]
    """What the tools answered to the last turn."""
    tools: tuple[str, ...]
    key: str
    """The key it came with."""
    body: dict[str, Any]
    """The request itself."""


class FakeUsage(Record):
    """Tokens of one answer."""

    fresh: int
    """Input that is neither read from a cache nor written to one."""
    cached: int = 0
    written: int = 0
    output: int = 0


class Refused(Exception):
    """The API would not take this request; the message says why."""


MetaAnswer: TypeAlias = ScriptedTurn | MetaFault
MetaScript: TypeAlias = Sequence[MetaAnswer] | Callable[[Asked], MetaAnswer]


def by_turn(turns: Sequence[MetaAnswer]) -> Callable[[Asked], MetaAnswer]:
    """A script that looks where the conversation stands, so that it holds for many reviews."""
    return lambda asked: turns[asked.turns]


def follow(script: MetaScript) -> Callable[[Asked], MetaAnswer]:
    """The script as a function; a list that runs out answers with an error nobody retries."""
    if callable(script):
        return script
    written: Iterator[MetaAnswer] = iter(tuple(script))

    def following(asked: Asked) -> MetaAnswer:
        said = f"the script has no answer left for request {asked.number}"
        return next(written, MetaFault(kind="status", status=400, message=said))

    return following


def output_tokens(turn: ScriptedTurn) -> int:
    """Tokens of an answer, by `count_tokens`."""
    calls = sum(count_tokens(f"{call.name}{call.arguments}{call.malformed}") for call in turn.calls)
    return count_tokens(turn.text) + count_tokens(turn.thinking) + calls


def pieces(text: str, size: int = 16) -> list[str]:
    """The text as a stream hands it out."""
    return [text[at : at + size] for at in range(0, len(text), size)]
