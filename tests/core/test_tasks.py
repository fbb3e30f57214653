"""Work beside other work."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from automem.tasks import beside

pytestmark = pytest.mark.anyio


async def test_it_runs_as_long_as_the_body_and_no_longer() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("begun")
        try:
            await anyio.sleep_forever()
        finally:
            seen.append("ended")

    async with beside(work):
        while not seen:
            await anyio.lowlevel.checkpoint()
        assert seen == ["begun"]
    assert seen == ["begun", "ended"]


async def test_an_exception_of_the_body_comes_out_as_it_is() -> None:
    with pytest.raises(ValueError, match="odd"):
        async with beside(anyio.sleep_forever):
            raise ValueError("odd")


async def test_work_that_fails_ends_the_body() -> None:
    async def work() -> None:
        raise ValueError("odd")

    with pytest.raises(ExceptionGroup) as caught:
        async with beside(work):
            await anyio.sleep_forever()
    assert isinstance(caught.value.exceptions[0], ValueError)
