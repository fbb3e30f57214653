"""The OpenAI chat wire form: a request's JSON, a reply read from it, a failure explained."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import msgspec

from automem.errors import ModelError
from automem.records.model import Finish, ModelReply, ModelRequest, Usage

Engine = Literal["openai", "vllm", "sglang"]
MaxTokensField = Literal["max_tokens", "max_completion_tokens"]
_RETRYABLE = frozenset({408, 409, 429})
_LONGEST_MESSAGE = 300
_TOO_LONG = re.compile(
    r"context[ _]length|context window|maximum (input|model) length|max_model_len|"
    r"prompt is too long|longer than the (maximum )?model",
    re.IGNORECASE,
)


class _Wire(msgspec.Struct, frozen=True):
    """Servers add fields of their own; what is not named here is ignored."""


class _Cached(_Wire, frozen=True):
    cached_tokens: int | None = None


class _Usage(_Wire, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None


class _Message(_Wire, frozen=True):
    content: str | None = None


class _Choice(_Wire, frozen=True):
    message: _Message
    finish_reason: str | None = None
    stop_reason: int | str | None = None
    """vLLM: the stop string that ended the answer."""
    matched_stop: int | str | None = None
    """SGLang: the same."""


class _Completion(_Wire, frozen=True):
    choices: tuple[_Choice, ...]
    model: str | None = None
    usage: _Usage | None = None


class _Error(_Wire, frozen=True):
    message: str = ""
    code: int | str | None = None


class _Failure(_Wire, frozen=True):
    error: _Error | str | None = None
    message: str | None = None
    detail: Any = None


_COMPLETION = msgspec.json.Decoder(_Completion)
_FAILURE = msgspec.json.Decoder(_Failure)


def body_of(
    request: ModelRequest,
    *,
    model: str,
    engine: Engine,
    max_tokens_field: MaxTokensField,
    extra: Mapping[str, Any],
) -> bytes:
    """The request as JSON; what is None is left to the server's default."""
    sampling = request.sampling
    fields: dict[str, Any] = {"model": model, "messages": request.messages}
    settings = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        max_tokens_field: sampling.max_tokens,
        "seed": request.seed,
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


def reply_of(raw: bytes, url: str, stop: tuple[str, ...]) -> ModelReply:
    """Read an answer. Raises ModelError, retryable, where it is no chat completion.

    No text at all is an answer too, an empty one. Where the server cut a stop string off and
    names it, it is put back; a server that cuts it and does not say so leaves an answer without
    its ending, which the memory grammar accepts.
    """
    try:
        completion = _COMPLETION.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{url} sent an answer that is no chat completion: {error}", retryable=True
        ) from error
    if not completion.choices:
        raise ModelError(f"{url} sent an answer without a choice", retryable=True)
    choice = completion.choices[0]
    text = choice.message.content or ""
    for ending in (choice.stop_reason, choice.matched_stop):
        if isinstance(ending, str) and ending in stop and not text.endswith(ending):
            text += ending
    return ModelReply(
        text=text,
        usage=_usage(completion.usage),
        finish=_finish(choice.finish_reason),
        model=completion.model or "",
    )


def _finish(reason: str | None) -> Finish:
    if reason in ("stop", None):
        return "stop"
    return "length" if reason == "length" else "other"


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        cached_tokens=cached or 0,
        output_tokens=usage.completion_tokens or 0,
    )


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
    message, code = _message(raw)
    if key is not None:
        message = message.replace(key, "***")
    is_retryable = status in _RETRYABLE or status >= 500
    said = f"{url} answered {status}" + (f": {message[:_LONGEST_MESSAGE]}" if message else "")
    if not is_retryable:
        said += f"; {_advice(status, f'{code} {message}', model, key_name)}"
    return ModelError(
        said,
        retryable=is_retryable,
        retry_after_seconds=_seconds(retry_after),
        status=status,
    )


def _message(raw: bytes) -> tuple[str, str]:
    """The server's own words and its code, from whichever form it uses."""
    try:
        failure = _FAILURE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return " ".join(raw.decode("utf-8", "replace").split()), ""
    if isinstance(failure.error, _Error):
        return failure.error.message, str(failure.error.code or "")
    if failure.error is not None:
        return failure.error, ""
    return failure.message or (str(failure.detail) if failure.detail else ""), ""


def _advice(status: int, said: str, model: str, key_name: str | None) -> str:
    if _TOO_LONG.search(said):
        return (
            "the conversation is longer than the model's context: lower max_tokens, or the "
            "scaffold's limits on turns, read_lines and result_bytes, or serve a longer context"
        )
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


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in its two forms: seconds, or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())
