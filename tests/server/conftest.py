"""One engine of each kind for all tests of a module."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator

import pytest

from .engines import KINDS, Served, served

_REAL = (pytest.mark.server, pytest.mark.timeout(1800))


@pytest.fixture(
    scope="module",
    params=["fake", pytest.param("local", marks=_REAL), pytest.param("vllm", marks=_REAL)],
)
async def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncGenerator[Served]:
    """The fake always; a real one where tests are run with `-m server`."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        # What vLLM reads on a machine without a GPU and without the hub.
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        patch.setenv("HF_HUB_OFFLINE", "1")
        kind, materials, options = KINDS[request.param](folder)
        async with served(request.param, kind, materials, folder, options) as running:
            yield running
            figures = [line for line in running.said if "ready after" in line or "tokens" in line]
            sys.stderr.write("".join(f"\n{line}" for line in figures))
