"""What the chat providers share: a key, JSON as models write it, and what a failure means."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast

import msgspec

from automem.errors import ConfigError, ModelError
from automem.models.cost import Price, price_of
from automem.records.review import MetaTurn, ToolCall
from automem.secrets import redact
from automem_meta.session.chat import ContextTooLong

PriceOption = tuple[float, float, float]
"""US dollars per million tokens: input, cached input, output."""
_RETRYABLE = frozenset({408, 409, 429})
_LASTING = re.compile(r"invalid|policy|permission|authentication|not_found|residency")
"""In the name of an error that a stream ended in: one that does not pass. Others may."""
_FINAL_WORDS = frozenset({"insufficient_quota", "billing_error", "billing_hard_limit_reached"})
"""Kinds that come with a retryable status and do not pass by waiting."""
_TOO_LONG = re.compile(
    r"context[ _]length|context window|prompt is too long|maximum (input|model) length"
    r"|max_model_len|longer than the (maximum )?model|input length and .?max_tokens.? exceed",
    re.IGNORECASE,
)
_LONGEST_MESSAGE = 400
_CIPHERTEXTS = frozenset({"signature", "data", "encrypted_content"})
_PIECE = 12


def required_model(provider: str, model: str | None) -> str:
    """The model, which has to be named. Raises ConfigError."""
    if not model:
        raise ConfigError(f"the meta-LLM provider {provider} needs `model`: the model's API name")
    return model


def required_key(provider: str, name: str, environ: Mapping[str, str]) -> str:
    """The key in the environment variable `name`. Raises ConfigError; never says the key."""
    key = environ.get(name, "").strip()
    if not key:
        raise ConfigError(
            f"the meta-LLM provider {provider} needs a key in the environment variable {name}, "
            "which is not set; set it, or name another one with `api_key_env`"
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"the environment variable {name} holds a line break or another character that no key "
            "has; set it anew"
        )
    return key


def chosen_price(model: str, override: PriceOption | None) -> Price | None:
    """The price of the model: the user's own, or the table's."""
    return price_of(model, override)


def tool_call(call_id: str, name: str, raw: str) -> ToolCall:
    """A call from the JSON text of its arguments; what is no JSON object is kept as it is."""
    try:
        arguments = msgspec.json.decode(raw.encode("utf-8", "replace") or b"{}")
    except (msgspec.DecodeError, RecursionError):
        return ToolCall(id=call_id, name=name, malformed=raw)
    if not isinstance(arguments, dict):
        return ToolCall(id=call_id, name=name, malformed=raw)
    return ToolCall(id=call_id, name=name, arguments=cast("dict[str, Any]", arguments))


def sealed(api: str, model: str, content: object) -> msgspec.Raw:
    """A turn in an API's own form, with what says whose form it is."""
    form = {"api": api, "model": model, "content": _in_pieces(content)}
    return msgspec.Raw(msgspec.json.encode(form))


def unsealed(turn: MetaTurn, api: str, model: str) -> Any:
    """The API's own form of a turn; None where another API, or another model, said it."""
    form = msgspec.json.decode(turn.raw)
    if not isinstance(form, dict):
        return None
    known = cast("dict[str, Any]", form)
    if known.get("api") != api or known.get("model") != model:
        return None
    return _joined(known.get("content"))


def _in_pieces(value: object) -> object:
    """Ciphertext in short pieces: what looks for keys in texts would find some in it by chance."""
    if isinstance(value, list):
        return [_in_pieces(inner) for inner in cast("list[object]", value)]
    if isinstance(value, dict):
        return {
            name: [inner[at : at + _PIECE] for at in range(0, len(inner), _PIECE)]
            if name in _CIPHERTEXTS and isinstance(inner, str)
            else _in_pieces(inner)
            for name, inner in cast("dict[str, object]", value).items()
        }
    return value


def _joined(value: Any) -> Any:
    if isinstance(value, list):
        return [_joined(inner) for inner in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {
            name: "".join(cast("list[str]", inner))
            if name in _CIPHERTEXTS and isinstance(inner, list)
            else _joined(inner)
            for name, inner in cast("dict[str, Any]", value).items()
        }
    return value


def failure(
    who: str,
    message: str,
    *,
    key: str,
    status: int | None = None,
    word: str = "",
    retry_after: str | None = None,
    key_name: str = "",
) -> ModelError:
    """What an API's error means, and what to do about it. The key is never repeated."""
    shown = redact(message.replace(key, "***") if key else message)
    said = f"{who} answered {status or 'with an error'}: {' '.join(shown.split())}"
    said = said[:_LONGEST_MESSAGE]
    is_client_error = status is None or 400 <= status < 500
    if status == 413 or (is_client_error and _TOO_LONG.search(f"{word} {message}")):
        return ContextTooLong(said, status=status)
    if status is None:
        may_pass = not _LASTING.search(word)
    else:
        may_pass = (status in _RETRYABLE or status >= 500) and word not in _FINAL_WORDS
    if not may_pass:
        advice = _advice(status, word, key_name)
        return ModelError(f"{said}; {advice}", status=status)
    wait = seconds_of(retry_after)
    return ModelError(said, retryable=True, retry_after_seconds=wait, status=status)


def cut(who: str, error: BaseException | str) -> ModelError:
    """The connection failed, or an answer ended before its end."""
    said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return ModelError(f"the connection to {who} failed: {redact(said)}", retryable=True)


def seconds_of(retry_after: str | None) -> float | None:
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


def _advice(status: int | None, word: str, key_name: str) -> str:
    if word in _FINAL_WORDS or status == 402:
        return "the account has nothing left to pay with"
    match status:
        case 401:
            return f"check the key in the environment variable {key_name}"
        case 403:
            return f"the key in {key_name} may not use this model"
        case 404:
            return "check the model's name and base_url"
        case _:
            return "check the model and the provider's options"
