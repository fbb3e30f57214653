"""A status other than 200, explained: what the server said, whether it passes, what to do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from automem.errors import ModelError

Advise = Callable[[int, str], str]
"""What to do about a status, given the server's code and words."""
_RETRYABLE = frozenset({408, 409, 429})
_LONGEST_MESSAGE = 300
_TOO_LONG = re.compile(
    r"context[ _]length|context window|maximum (input|model) length|max_model_len|"
    r"prompt is too long|longer than the (maximum )?model",
    re.IGNORECASE,
)
TOO_LONG = (
    "the conversation is longer than the model's context: lower max_tokens, or the "
    "scaffold's limits on turns, read_lines and result_bytes, or serve a longer context"
)


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    code: int | str | None = None
    type: str = ""


class _Failure(msgspec.Struct, frozen=True):
    error: _Error | str | None = None
    message: str | None = None
    detail: Any = None


_FAILURE = msgspec.json.Decoder(_Failure)


def refusal_of(
    status: int,
    raw: bytes,
    *,
    url: str,
    retry_after: str | None,
    key: str | None,
    advise: Advise,
) -> ModelError:
    """The error of a call that was not answered. The key is never repeated.

    A conversation that is too long for the model is told by the server's words, in whatever form
    and language of its own it says so; `advise` is asked about the rest.
    """
    words, code = said(raw) or (" ".join(raw.decode("utf-8", "replace").split()), "")
    message = shown(words, key)
    is_retryable = status in _RETRYABLE or status >= 500
    told = f"{url} answered {status}" + (f": {message}" if message else "")
    if not is_retryable:
        whole = f"{code} {words}"
        told += f"; {TOO_LONG if _TOO_LONG.search(whole) else advise(status, whole)}"
    return ModelError(
        told,
        retryable=is_retryable,
        retry_after_seconds=_seconds(retry_after),
        status=status,
    )


def said(raw: bytes) -> tuple[str, str] | None:
    """The server's own words and its code, from whichever form it uses; None where it has none."""
    try:
        failure = _FAILURE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(failure.error, _Error):
        return failure.error.message, str(failure.error.code or failure.error.type)
    if failure.error is not None:
        return failure.error, ""
    return failure.message or (str(failure.detail) if failure.detail else ""), ""


def shown(words: str, key: str | None) -> str:
    """As much of a server's words as a message holds, and never the key."""
    return (words if key is None else words.replace(key, "***"))[:_LONGEST_MESSAGE]


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
