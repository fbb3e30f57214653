"""Engines are opened once for all roles that ask them, and calls wait for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import anyio
import pytest

from automem.errors import ModelError, ServerError
from automem.models.engines import Engine, EngineRequest
from automem.models.limiter import AdaptiveLimiter
from automem.models.retry import Attempts, Patience
from automem.models.router import open_router
from automem.records._struct import Record
from automem.records.config import RoleSection
from automem.records.model import Message, ModelReply, ModelRequest
from automem.spec import BackendSpec, Spec
from automem.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio


class Options(Record):
    """Of the fake backend."""

    gpus: int = 1
    salt: str = ""
    of_the_role: ClassVar[tuple[str, ...]] = ("salt",)


@dataclass
class FakeEngine:
    """Ready when it is told to be; dies as often as it is told to."""

    request: EngineRequest
    deaths: int = 0
    dying: int = 0
    """Deaths that are found when somebody looks."""
    failure: ServerError | None = None
    is_ready: anyio.Event = field(default_factory=anyio.Event)
    looks: int = 0

    @property
    def urls(self) -> tuple[str, ...]:
        return ("http://127.0.0.1:1/v1",)

    def served_name(self, adapter: str | None) -> str:
        return adapter or "base"

    async def ready(self) -> None:
        await self.is_ready.wait()
        if self.failure is not None:
            raise self.failure

    async def has_died(self, since: int) -> bool:
        self.looks += 1
        if self.dying:
            self.dying -= 1
            self.deaths += 1
        return self.deaths > since


REQUEST = EngineRequest("e", "m", (None,), None, Path("logs"), print)


def well(**more: Any) -> FakeEngine:
    engine = FakeEngine(REQUEST, **more)
    engine.is_ready.set()
    return engine


@asynccontextmanager
async def open_fake(request: EngineRequest) -> AsyncGenerator[Engine]:
    """Tells when it is opened and closed; the model `broken` is never ready."""
    engine = FakeEngine(request)
    if request.model == "broken":
        engine.failure = ServerError("out of memory")
    engine.is_ready.set()
    request.tell(f"opened {request.model} for {request.adapters}")
    try:
        yield engine
    finally:
        request.tell(f"closed {request.model}")


class FakePlugins:
    """Offers `e`, which has an engine, and `b`, which has none."""

    def get(self, kind: str, name: str) -> Spec:
        if name == "e":
            here = f"{__name__}:open_fake"
            return BackendSpec(name=name, make="x:y", summary="", engine=here)
        return Spec(name=name, make="x:y", summary="")

    def options(self, spec: Spec, raw: Mapping[str, Any], *, path: str) -> Any:
        return Options(**raw) if spec.name == "e" else None

    def load(self, spec: Spec) -> Any:
        def make(*, engine: Engine | None = None, **given: Any) -> ScriptedModel:
            name = engine.served_name(given["adapter"]) if engine else "no engine"
            return ScriptedModel(lambda _: name)

        return make


def router(roles: dict[str, RoleSection], **more: Any) -> Any:
    return open_router(roles, FakePlugins(), **more)  # type: ignore[arg-type]


async def answer(models: Any, role: str) -> str:
    request = ModelRequest(messages=(Message(role="user", content="go"),))
    return (await models.ask(role, request)).text


async def test_roles_of_one_model_share_an_engine_though_their_adapters_differ() -> None:
    said: list[str] = []
    roles = {
        "default": RoleSection(backend="e", model="m", options={"salt": "one"}),
        "memory": RoleSection(adapter="a", concurrency=7, options={"salt": "two"}),
    }
    async with router(roles, tell=said.append) as models:
        memory, gameplay = (models.models[role] for role in ("memory", "gameplay"))
        assert memory.engine is gameplay.engine
        assert memory.limiter is gameplay.limiter
        assert memory.limiter.most == 7
        assert await answer(models, "memory") == "a"
        assert await answer(models, "gameplay") == "base"
        assert said == ["opened m for ('a', None)"]
    assert said == ["opened m for ('a', None)", "closed m"]


async def test_roles_with_one_adapter_name_it_once() -> None:
    said: list[str] = []
    roles = {"default": RoleSection(backend="e", model="m", adapter="a")}
    async with router(roles, tell=said.append) as models:
        assert models.shared
    assert said[0] == "opened m for ('a',)"


@pytest.mark.parametrize(
    "other", [RoleSection(model="n"), RoleSection(options={"gpus": 2}), RoleSection(backend="b")]
)
async def test_what_differs_otherwise_is_another_engine(other: RoleSection) -> None:
    said: list[str] = []
    roles = {"default": RoleSection(backend="e", model="m"), "gameplay": other}
    async with router(roles, tell=said.append) as models:
        memory, gameplay = (models.models[role] for role in ("memory", "gameplay"))
        assert memory.engine is not gameplay.engine
        assert memory.limiter is not gameplay.limiter
        assert (gameplay.engine is None) == (other.backend == "b")


async def test_an_engine_that_does_not_get_ready_closes_all() -> None:
    said: list[str] = []
    roles = {
        "default": RoleSection(backend="e", model="m"),
        "gameplay": RoleSection(model="broken"),
    }
    with pytest.raises(ServerError, match="out of memory"):
        async with router(roles, tell=said.append):
            pass
    assert sorted(said[2:]) == ["closed broken", "closed m"]


async def test_without_a_listener_an_engine_is_told_to_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with router({"default": RoleSection(backend="e", model="m")}, logs=Path("logs")):
        pass
    assert "opened m for (None,)" in capsys.readouterr().out


BROKEN = ModelError("connection reset", retryable=True)
BUSY = ModelError("busy", retryable=True, status=503)
WRONG = ModelError("wrong", status=400)


def attempts(engine: FakeEngine, retries: int = 0) -> Attempts:
    patience = Patience(timeout_seconds=60.0, retries=retries, random=Random(0))
    return Attempts("memory", patience, AdaptiveLimiter(), engine=engine)


def answers(*outcomes: ModelError | str) -> Any:
    model = ScriptedModel(list(outcomes))
    return lambda: model.complete(ModelRequest(messages=(Message(role="user", content="go"),)))


async def test_a_try_that_met_a_death_does_not_count() -> None:
    engine = well(dying=2)
    tries = attempts(engine)
    reply = await tries.run(answers(BROKEN, BROKEN, "yes"))
    assert (reply.text, reply.retries, tries.count, engine.deaths) == ("yes", 0, 1, 2)


async def test_a_try_that_failed_while_the_engine_lived_counts() -> None:
    engine = well()
    with pytest.raises(ModelError, match="connection reset"):
        await attempts(engine).run(answers(BROKEN))
    assert engine.looks == 1


@pytest.mark.parametrize("error", [BUSY, WRONG])
async def test_an_answer_that_refuses_is_no_sign_of_death(error: ModelError) -> None:
    engine = well(dying=1)
    with pytest.raises(ModelError, match=str(error)):
        await attempts(engine).run(answers(error))
    assert engine.looks == 0


async def test_a_call_waits_for_its_engine_and_no_deadline_runs() -> None:
    engine = FakeEngine(REQUEST)
    tries = attempts(engine)
    replies: list[ModelReply] = []

    async def call() -> None:
        replies.append(await tries.run(answers("yes")))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        assert (tries.count, tries.limiter.in_flight) == (0, 0)
        engine.is_ready.set()
    assert replies[0].text == "yes"
    assert tries.count == 1


async def test_an_engine_that_is_gone_for_good_ends_the_call() -> None:
    engine = well(failure=ServerError("died twice"))
    with pytest.raises(ServerError, match="died twice"):
        await attempts(engine).run(answers("yes"))
