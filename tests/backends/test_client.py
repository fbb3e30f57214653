"""What the client says of a server that cannot be reached."""

from __future__ import annotations

import socket

import pytest

from automem.errors import ModelError
from automem_backends.client import Client

pytestmark = pytest.mark.anyio


async def test_a_server_that_is_not_there_is_told_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = Client()
        with pytest.raises(ModelError) as raised:
            await client.post(url, b"{}", shown=url)
        await client.aclose()
    assert (
        str(raised.value) == f"nothing listens at {url}: start the server, or correct the address"
    )
    assert raised.value.retryable
