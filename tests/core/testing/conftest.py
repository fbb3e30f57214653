"""How the tests of fake servers speak to them: plain HTTP from a thread."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import msgspec
import pytest

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
def ask() -> Ask:
    """`await ask(url, body, key=...)` gives the status and what was said, read where it is JSON."""
    return _ask


async def _ask(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
    request = urllib.request.Request(url, data=raw, headers=named)
    return await anyio.to_thread.run_sync(_send, request)


def _send(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, _said(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _said(error.read())


def _said(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return raw.decode()
