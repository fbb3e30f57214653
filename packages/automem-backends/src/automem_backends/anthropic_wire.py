"""The Messages API's wire form: a request's JSON, a reply read from it, what to do about a refusal.

Tokens are counted apart there: what was read from the cache and what was written into it are not
in `input_tokens`. What else is said of a call, such as thoughts, is not ours to keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from automem.errors import ModelError
from automem.records.model import Finish, Message, ModelReply, ModelRequest, Usage
from automem_backends.refusals import said, shown

Caching = Literal["off", "system", "conversation"]
DEFAULT_MAX_TOKENS = 4096
"""The API wants a number; thoughts count towards it."""
_EPHEMERAL = {"type": "ephemeral"}
_PASSING = frozenset({"overloaded_error", "api_error", "rate_limit_error", "timeout_error"})
_FINISHES: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}


class _Wire(msgspec.Struct, frozen=True):
    """The API adds fields of its own; what is not named here is ignored."""


class _Block(_Wire, frozen=True):
    type: str = ""
    text: str = ""


class _Usage(_Wire, frozen=True):
    input_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int = 0


class _Reason(_Wire, frozen=True):
    category: str | None = None
    explanation: str | None = None


class _Answer(_Wire, frozen=True):
    content: tuple[_Block, ...]
    model: str = ""
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: _Reason | None = None
    usage: _Usage = _Usage()


_ANSWER = msgspec.json.Decoder(_Answer)


def body_of(
    request: ModelRequest, *, model: str, caching: Caching, extra: Mapping[str, Any]
) -> bytes:
    """The request as JSON. The system message stands apart; an empty message is left out.

    With `system` the constant beginning of every conversation is cached, with `conversation`
    also each conversation as far as it has come.
    """
    sampling = request.sampling
    fields: dict[str, Any] = {
        "model": model,
        "max_tokens": sampling.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": _messages(request.messages, is_cached=caching == "conversation"),
    }
    system = _blocks([m for m in request.messages if m.role == "system"])
    if system:
        if caching != "off":
            system[-1]["cache_control"] = _EPHEMERAL
        fields["system"] = system
    if sampling.stop:
        fields["stop_sequences"] = sampling.stop
    settings = {"temperature": sampling.temperature, "top_p": sampling.top_p}
    fields.update((name, value) for name, value in settings.items() if value is not None)
    fields.update(extra)
    return msgspec.json.encode(fields)


def reply_of(raw: bytes, url: str, key: str) -> ModelReply:
    """Read an answer. Raises ModelError: retryable where it is no message, not where it refuses."""
    try:
        answer = _ANSWER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        words, kind = said(raw) or ("", "")
        what = f"an error: {shown(words, key)}" if words else f"no message: {error}"
        passes = not words or kind in _PASSING
        raise ModelError(f"{url} sent an answer that is {what}", retryable=passes) from error
    if answer.stop_reason == "refusal":
        reason = answer.stop_details or _Reason()
        why = f" ({reason.category})" if reason.category else ""
        words = f": {shown(reason.explanation, key)}" if reason.explanation else ""
        raise ModelError(
            f"{answer.model or 'the model'} at {url} refused to answer{why}{words}; it stops "
            "conversations that it takes for misuse: change the scaffold's words, or the model"
        )
    text = "".join([block.text for block in answer.content if block.type == "text"])
    usage = answer.usage
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    return ModelReply(
        text=text + (answer.stop_sequence or ""),
        usage=Usage(
            input_tokens=usage.input_tokens + written + read,
            cached_tokens=read,
            output_tokens=usage.output_tokens,
        ),
        cache_written_tokens=written,
        finish=_FINISHES.get(answer.stop_reason or "end_turn", "other"),
        model=answer.model,
    )


def advice(status: int, words: str, *, model: str, key_name: str) -> str:
    """What to do about a status that does not pass."""
    match status:
        case 400 if "temperature" in words or "top_p" in words:
            return (
                f"{model} draws its answers in its own way: take temperature and top_p out of the "
                "role"
            )
        case 401:
            return f"the key in the environment variable {key_name} was refused"
        case 402:
            return "the account cannot pay for it"
        case 403:
            return "this key may not use this model"
        case 404:
            return f"check that '{model}' is the name of a model, and base_url that of the API"
        case 413:
            return "the conversation is too large: lower the scaffold's limits"
        case _ if 300 <= status < 400:
            return "base_url must be the final address; it redirects"
        case _:
            return "the API does not accept the request; check the role's sampling and options"


def _messages(messages: Sequence[Message], *, is_cached: bool) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [
        {"role": message.role, "content": _blocks([message])}
        for message in messages
        if message.role != "system" and message.content.strip()
    ]
    if is_cached and told:
        told[-1]["content"][-1]["cache_control"] = _EPHEMERAL
    return told


def _blocks(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Blocks of text; one without a character to read is refused by the API."""
    return [
        {"type": "text", "text": message.content} for message in messages if message.content.strip()
    ]
