"""One router at a time, which stays open from one evaluation to the next."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.errors import ServerError
from automem.models.engines import Engine, EngineRequest
from automem.models.lone import lone_router
from automem.models.router import Router
from automem.records.config import RoleSection
from automem.records.model import Message, ModelRequest
from automem.spec import BackendSpec, Spec
from automem.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="go"),))
HERE: Any = {"logs": Path("logs")}


class Ready:
    """An engine without a server."""

    urls = ("http://127.0.0.1:1/v1",)
    deaths = 0

    def served_name(self, adapter: str | None) -> str:
        return adapter or "base"

    async def ready(self) -> None:
        """At once."""

    async def has_died(self, since: int) -> bool:
        return False


class Opening:
    """A backend `e` whose engine tells when it is opened and closed; `broken` does not start."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def get(self, kind: str, name: str) -> Spec:
        return BackendSpec(name=name, make="x:y", summary="", engine=f"{__name__}:open_ready")

    def options(self, spec: Spec, raw: Mapping[str, Any], *, path: str) -> Any:
        return None

    def load(self, spec: Spec) -> Any:
        def make(**given: Any) -> ScriptedModel:
            return ScriptedModel(lambda _: "yes")

        return make


@asynccontextmanager
async def open_ready(request: EngineRequest) -> AsyncGenerator[Engine]:
    if request.model == "broken":
        raise ServerError("out of memory")
    request.tell(f"opened {request.model}")
    try:
        yield Ready()
    finally:
        request.tell(f"closed {request.model}")


def roles(model: str) -> dict[str, RoleSection]:
    return {"default": RoleSection(backend="e", model=model)}


async def asked(router: Router) -> int:
    """How many calls it counts after one more."""
    await router.ask("memory", REQUEST)
    return router.activity.done


async def test_an_engine_is_opened_once_and_closed_at_the_end() -> None:
    plugins: Any = Opening()
    first: list[str] = []
    second: list[str] = []
    async with lone_router() as lone:
        async with lone.open(roles("m"), plugins, tell=first.append, **HERE) as router:
            assert await asked(router) == 1
        assert first == ["opened m"]
        async with lone.open(roles("m"), plugins, tell=second.append, **HERE) as router:
            assert await asked(router) == 1
    assert (first, second) == (["opened m"], ["closed m"])


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
