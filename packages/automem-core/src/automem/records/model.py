"""What crosses the boundary between an agent and a language model."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from automem.records._struct import Record

Speaker = Literal["system", "user", "assistant"]
Role = Literal["memory", "gameplay"]
Finish = Literal["stop", "length", "other"]


class Message(Record):
    """One message of a conversation."""

    role: Speaker
    content: str


class Sampling(Record):
    """How an answer is drawn."""

    temperature: Annotated[float, Meta(ge=0.0)] | None = None
    """None leaves the engine's default."""
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    """Most output tokens of one answer."""
    stop: tuple[str, ...] = ()
    """Texts that end an answer; they are kept in it."""


class ModelRequest(Record):
    """One call: a whole conversation that ends in a user message."""

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    seed: int | None = None
    """A seed of this very call, a pure function of episode and call number."""
    identity: str = ""
    """Names the call (`crafter/default/42/17`) in engine logs; the same when asked again."""

    @property
    def episode(self) -> str:
        """What the calls of one episode have in common: `identity` without the call's number."""
        return self.identity.rpartition("/")[0]


class Usage(Record):
    """Tokens of one call or of many."""

    input_tokens: int = 0
    """Prompt tokens, cached ones included."""
    cached_tokens: int = 0
    """Prompt tokens the engine had in its prefix cache, as far as it says so."""
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


class ModelReply(Record):
    """The answer to one call."""

    text: str
    usage: Usage = Usage()
    finish: Finish = "stop"
    model: str = ""
    """The model that answered, as the engine names it."""
    seconds: float = 0.0
    """Wall time of the call that succeeded."""
    waited_seconds: float = 0.0
    """Time spent before it: in the queue and between retries."""
    retries: int = 0
    cost: float | None = None
    """US dollars; None where no price is known."""
    cache_written_tokens: int = 0
    """Prompt tokens written into the provider's cache, which some charge more for."""
