"""One router at a time."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from automem.errors import ServerError
from automem.models.lone import lone_router

from .test_kept import HERE, Opening, asked, roles

pytestmark = pytest.mark.anyio


async def test_the_same_roles_get_the_router_that_is_open() -> None:
    plugins: Any = Opening()
    said: list[str] = []
    async with lone_router() as lone:
        for _ in range(2):
            async with lone.open(roles("m"), plugins, tell=said.append, **HERE) as router:
                assert await asked(router) == 1
        assert said == ["opened m"]
    assert said == ["opened m", "closed m"]


async def test_what_is_open_is_ended_before_another_is_begun() -> None:
    plugins: Any = Opening()
    said: list[str] = []
    async with lone_router() as lone:
        for model in ("m", "n", "m"):
            async with lone.open(roles(model), plugins, tell=said.append, **HERE) as router:
                assert await asked(router) == 1
    assert said == ["opened m", "closed m", "opened n", "closed n", "opened m", "closed m"]


async def test_it_ends_where_asked_to_and_is_opened_again() -> None:
    plugins: Any = Opening()
    said: list[str] = []
    async with lone_router() as lone:
        await lone.close()
        for _ in range(2):
            async with lone.open(roles("m"), plugins, tell=said.append, **HERE):
                pass
            await lone.close()
            assert said[-1] == "closed m"
    assert said == ["opened m", "closed m"] * 2


async def test_who_waits_for_no_word_gets_none() -> None:
    plugins: Any = Opening()
    async with lone_router() as lone, lone.open(roles("m"), plugins, **HERE) as router:
        assert await asked(router) == 1


async def test_a_start_that_fails_is_told_to_who_asked_and_may_be_tried_again() -> None:
    plugins: Any = Opening()
    async with lone_router() as lone:
        for _ in range(2):
            with pytest.raises(ServerError, match="out of memory"):
                async with lone.open(roles("broken"), plugins, **HERE):
                    pass
        async with lone.open(roles("m"), plugins, **HERE) as router:
            assert await asked(router) == 1


async def test_a_failure_comes_out_as_it_is_and_the_engine_is_ended() -> None:
    plugins: Any = Opening()
    said: list[str] = []
    with pytest.raises(KeyError):
        async with (
            lone_router() as lone,
            lone.open(roles("m"), plugins, tell=said.append, **HERE),
        ):
            raise KeyError("x")
    assert said == ["opened m", "closed m"]


async def test_cancelled_it_ends_what_is_open() -> None:
    plugins: Any = Opening()
    said: list[str] = []
    with anyio.CancelScope() as scope:
        async with (
            lone_router() as lone,
            lone.open(roles("m"), plugins, tell=said.append, **HERE),
        ):
            scope.cancel()
            await anyio.sleep_forever()
    assert said == ["opened m", "closed m"]
