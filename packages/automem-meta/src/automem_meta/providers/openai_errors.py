"""The exceptions of OpenAI's SDK as failures of a model, for both APIs it speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from automem.errors import ModelError
from automem_meta.providers.wire import cut, failure


@asynccontextmanager
async def failures(who: str, key: str, key_name: str) -> AsyncGenerator[None]:
    """Within it, what the SDK raises becomes a ModelError."""
    import httpx2
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        raise failure(
            who,
            _said(error.body) or error.message,
            key=key,
            status=error.status_code,
            word=error.code or "",
            retry_after=error.response.headers.get("retry-after"),
            key_name=key_name,
        ) from error
    except (openai.APIConnectionError, httpx2.HTTPError) as error:
        raise cut(who, error) from error
    except openai.APIResponseValidationError as error:
        raise cut(who, f"no answer of this API: {error}") from error
    except openai.APIError as error:
        # Raised for an error within a stream.
        raise failed(who, key, error.code or "", error.message) from error


def failed(who: str, key: str, code: str, message: str) -> ModelError:
    """An answer that ended in an error."""
    return failure(who, message, key=key, word=code)


def error_in(answer: Any) -> tuple[int | None, str, str] | None:
    """(status, code, message) where a server put an error into an answer it called good."""
    error = getattr(answer, "error", None)
    if not error:
        return None
    if not isinstance(error, dict):
        return None, "", str(error)
    table = cast("dict[str, Any]", error)
    code = table.get("code")
    status = code if isinstance(code, int) and code >= 400 else None
    return status, "" if status else str(code or ""), str(table.get("message", table))


def _said(body: object) -> str:
    """The server's own words, without what the SDK puts before them."""
    words = cast("dict[str, Any]", body).get("message") if isinstance(body, dict) else None
    return words if isinstance(words, str) else ""
