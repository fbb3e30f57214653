"""The OpenAI chat wire form: a request's JSON, a reply read from it, a failure explained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

import msgspec

from automem.errors import ModelError
from automem.records.model import Finish, ModelReply, ModelRequest, Usage
from automem_backends.refusals import refusal_of, said, shown

Engine = Literal["openai", "vllm", "sglang"]
MaxTokensField = Literal["max_tokens", "max_completion_tokens"]
_MOST_TOKENS = 10**9
"""A larger count of one call is none."""


class _Wire(msgspec.Struct, frozen=True):
    """Servers add fields of their own; what is not named here is ignored."""


class _Message(_Wire, frozen=True):
    content: str | tuple[Any, ...] | None = None
    """Some servers give it in parts."""


class _Choice(_Wire, frozen=True):
    message: _Message
    finish_reason: Any = None
    stop_reason: Any = None
    """vLLM: the stop string that ended the answer."""
    matched_stop: Any = None
    """SGLang: the same."""


class _Completion(_Wire, frozen=True):
    """Beside the text nothing is required to have a type: an answer is paid for and kept."""

    choices: tuple[_Choice, ...]
    model: Any = None
    usage: Any = None


_COMPLETION = msgspec.json.Decoder(_Completion)


def body_of(
    request: ModelRequest,
    *,
    model: str,
    engine: Engine,
    max_tokens_field: MaxTokensField,
    extra: Mapping[str, Any],
    cache_salt: str | None = None,
) -> bytes:
    """The request as JSON; what is None is left to the server's default."""
    sampling = request.sampling
    fields: dict[str, Any] = {"model": model, "messages": request.messages}
    settings = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        max_tokens_field: sampling.max_tokens,
        "seed": request.seed,
        "cache_salt": cache_salt,
    }
    fields.update((name, value) for name, value in settings.items() if value is not None)
    if sampling.stop:
        fields["stop"] = sampling.stop
        if engine == "vllm":
            fields["include_stop_str_in_output"] = True
        elif engine == "sglang":
            fields["no_stop_trim"] = True
    fields.update(extra)
    return msgspec.json.encode(fields)


def reply_of(raw: bytes, url: str, stop: tuple[str, ...], key: str | None = None) -> ModelReply:
    """Read an answer. Raises ModelError, retryable, where it is no chat completion.

    No text at all is an answer too, an empty one. Where the server cut a stop string off and
    names it, it is put back; a server that cuts it and does not say so leaves an answer without
    its ending, which the memory grammar accepts. What is no character becomes `?`.
    """
    try:
        completion = _read(raw)
    except (ValueError, RecursionError) as error:
        words, _ = said(raw) or ("", "")
        what = f"an error: {shown(words, key)}" if words else f"no chat completion: {error}"
        raise ModelError(f"{url} sent an answer that is {what}", retryable=True) from error
    if not completion.choices:
        raise ModelError(f"{url} sent an answer without a choice", retryable=True)
    choice = completion.choices[0]
    text = _text(choice.message.content)
    for ending in (choice.stop_reason, choice.matched_stop):
        if isinstance(ending, str) and ending in stop and not text.endswith(ending):
            text += ending
    return ModelReply(
        text=text,
        usage=_usage(completion.usage),
        finish=_finish(choice.finish_reason),
        model=_text(completion.model),
    )


def _read(raw: bytes) -> _Completion:
    """Also where a text holds half a surrogate pair or bytes that are not UTF-8."""
    try:
        return _COMPLETION.decode(raw)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.convert(json.loads(raw.decode("utf-8", "replace")), _Completion)


def _text(content: object) -> str:
    """The text of a content, and of its parts that are text."""
    if isinstance(content, tuple):
        parts = cast("tuple[object, ...]", content)
        return "".join([_text(_at(part, "text")) for part in parts])
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _finish(reason: object) -> Finish:
    if reason in ("stop", None):
        return "stop"
    return "length" if reason == "length" else "other"


def _usage(table: object) -> Usage:
    return Usage(
        input_tokens=_tokens(_at(table, "prompt_tokens")),
        cached_tokens=_tokens(_at(_at(table, "prompt_tokens_details"), "cached_tokens")),
        output_tokens=_tokens(_at(table, "completion_tokens")),
    )


def _at(table: object, name: str) -> object:
    return cast("dict[str, object]", table).get(name) if isinstance(table, dict) else None


def _tokens(value: object) -> int:
    """A count of tokens; 0 for what cannot be one, so that it is never taken off a limit."""
    if isinstance(value, int | float) and 0 <= value <= _MOST_TOKENS:
        return int(value)
    return 0


def failure_of(
    status: int,
    raw: bytes,
    *,
    url: str,
    model: str,
    retry_after: str | None,
    key: str | None,
    key_name: str | None,
) -> ModelError:
    """What a status other than 200 means, and what to do about it. The key is never repeated."""
    return refusal_of(
        status,
        raw,
        url=url,
        retry_after=retry_after,
        key=key,
        advise=lambda status, _: _advice(status, model, key_name),
    )


def _advice(status: int, model: str, key_name: str | None) -> str:
    match status:
        case 401 if key_name is None:
            return "the server wants a key: set api_key_env to the name of the variable with it"
        case 401:
            return f"the key in the environment variable {key_name} was refused"
        case 403:
            return "this key may not use this model"
        case 404:
            return f"check that base_url ends in /v1 and that the server lists '{model}' as a model"
        case _ if 300 <= status < 400:
            return "base_url must be the final address; it redirects"
        case _:
            return "the server does not accept the request; check the role's sampling and options"
