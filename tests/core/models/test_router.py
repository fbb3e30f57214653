"""Who answers for a role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import anyio
import msgspec
import pytest

from automem.errors import ConfigError, ModelError
from automem.models.cost import FREE, Price
from automem.models.retry import Patience
from automem.models.router import Activity, Router, open_router
from automem.records.config import LimitsSection, RoleSection
from automem.records.model import Message, ModelReply, ModelRequest, Sampling, Usage
from automem.spec import Spec
from automem.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="go"),), identity="crafter/42/0")


@dataclass
class FakePlugins:
    """One backend kind whose instances answer with their own name."""

    made: list[tuple[str | None, str | None, Any]] = field(default_factory=list)
    models: list[ScriptedModel] = field(default_factory=list)

    def get(self, kind: str, name: str) -> Spec:
        assert kind == "backend"
        return Spec(name=name, make="x:y", summary="")

    def options(self, spec: Spec, raw: Mapping[str, Any], *, path: str) -> Mapping[str, Any]:
        if "bad" in raw:
            raise ConfigError(f"{path}.bad: no such option")
        return raw

    def load(self, spec: Spec) -> Any:
        def make(*, model: str | None, adapter: str | None, options: Any) -> ScriptedModel:
            self.made.append((model, adapter, options))
            self.models.append(ScriptedModel(lambda _: f"{spec.name} {model}+{adapter}"))
            return self.models[-1]

        return make


def immediately(retries: int = 3) -> Patience:
    """Retries that do not wait."""

    async def sleep(seconds: float) -> None:
        assert seconds >= 0

    return Patience(timeout_seconds=60.0, retries=retries, random=Random(0), sleep=sleep)


BUSY = ModelError("busy", retryable=True, status=503)


async def test_roles_of_one_model_share_its_backend() -> None:
    plugins = FakePlugins()
    async with open_router({"default": RoleSection(backend="b", model="m")}, plugins) as router:  # type: ignore[arg-type]
        assert router.shared
        assert plugins.made == [("m", None, {})]
        assert router.describe("memory") == router.describe("gameplay") == "b m"


async def test_roles_that_differ_by_an_adapter_have_a_backend_each_and_one_limiter() -> None:
    plugins = FakePlugins()
    roles = {
        "default": RoleSection(backend="b", model="m", concurrency=9),
        "memory": RoleSection(adapter="a", concurrency=5),
    }
    async with open_router(roles, plugins) as router:  # type: ignore[arg-type]
        assert not router.shared
        assert plugins.made == [("m", "a", {}), ("m", None, {})]
        assert router.describe("memory") == "b m+a"
        assert (await router.ask("memory", REQUEST)).text == "b m+a"
        assert (await router.ask("gameplay", REQUEST)).text == "b m+None"
        limiter = router.models["memory"].limiter
        assert limiter is router.models["gameplay"].limiter
        assert limiter.most == 5


async def test_servers_that_differ_have_a_limiter_each() -> None:
    roles = {
        "default": RoleSection(backend="b", options={"url": 1}),
        "memory": RoleSection(options={"url": 2}),
    }
    async with open_router(roles, FakePlugins(), random=Random(0)) as router:  # type: ignore[arg-type]
        assert router.models["memory"].limiter is not router.models["gameplay"].limiter
        assert router.models["memory"].limiter.most is None


async def test_backends_are_closed_at_the_end() -> None:
    plugins = FakePlugins()
    roles = {"default": RoleSection(backend="b"), "memory": RoleSection(model="m")}
    async with open_router(roles, plugins):  # type: ignore[arg-type]
        assert not any(model.is_closed for model in plugins.models)
    assert [model.is_closed for model in plugins.models] == [True, True]


async def test_a_backend_that_cannot_be_made_closes_those_that_were() -> None:
    plugins = FakePlugins()
    roles = {"default": RoleSection(backend="b"), "gameplay": RoleSection(options={"bad": 1})}
    with pytest.raises(ConfigError, match=r"roles\.gameplay\.bad"):
        async with open_router(roles, plugins):  # type: ignore[arg-type]
            pass
    assert [model.is_closed for model in plugins.models] == [True]


async def test_sampling_and_seeding_are_those_of_the_role() -> None:
    roles = {
        "default": RoleSection(backend="b", sampling=Sampling(top_p=0.5)),
        "memory": RoleSection(seeded=True, sampling=Sampling(temperature=0.2)),
    }
    async with open_router(roles, FakePlugins()) as router:  # type: ignore[arg-type]
        assert router.sampling("memory") == Sampling(temperature=0.2, top_p=0.5)
        assert router.sampling("gameplay") == Sampling(top_p=0.5)
        assert (router.seeded("memory"), router.seeded("gameplay")) == (True, False)


async def test_the_request_reaches_the_backend_as_it_was() -> None:
    model = ScriptedModel(["yes"])
    await Router.for_backend(model).ask("memory", REQUEST)
    assert model.requests == [REQUEST]


async def test_two_backends_in_hand_make_two_model_play() -> None:
    router = Router.for_backend(ScriptedModel(["noted"]), gameplay=ScriptedModel(["played"]))
    assert not router.shared
    assert (await router.ask("memory", REQUEST)).text == "noted"
    assert (await router.ask("gameplay", REQUEST)).text == "played"
    assert router.describe("memory") == "ScriptedModel"


async def test_a_call_that_fails_for_good_says_who_what_why_and_how_long() -> None:
    section = RoleSection(backend="b", model="m")
    router = Router.for_backend(
        ScriptedModel(lambda _: BUSY), section=section, patience=immediately(retries=2)
    )
    said = r"memory model b m gave no answer to call crafter/42/0: busy \(3 tries in \d+\.\d s\)"
    with pytest.raises(ModelError, match=said) as raised:
        await router.ask("memory", REQUEST)
    assert raised.value.status == 503
    assert raised.value.retryable
    assert raised.value.__cause__ is BUSY


async def test_a_call_without_a_name_and_a_single_try_are_told_simply() -> None:
    router = Router.for_backend(ScriptedModel([]))
    with pytest.raises(ModelError, match=r"gave no answer: the script .* \(1 try in"):
        await router.ask("memory", msgspec.structs.replace(REQUEST, identity=""))


async def test_retries_are_told_to_the_one_who_asked() -> None:
    router = Router.for_backend(ScriptedModel([BUSY, "yes"]), patience=immediately())
    told: list[tuple[str, int]] = []
    reply = await router.ask(
        "gameplay",
        REQUEST,
        on_retry=lambda role, tries, _seconds, _error: told.append((role, tries)),
    )
    assert told == [("gameplay", 1)]
    assert reply.retries == 1
    assert router.activity == Activity(in_flight=0, waiting=0, done=1, retries=1)


async def test_calls_under_way_and_waiting_are_seen() -> None:
    opened = anyio.Event()

    class Slow:
        async def complete(self, request: ModelRequest) -> ModelReply:
            await opened.wait()
            return ModelReply(text="")

        async def aclose(self) -> None:
            pass

    router = Router.for_backend(Slow(), section=RoleSection(concurrency=2))
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(router.ask, "memory", REQUEST)
        await anyio.wait_all_tasks_blocked()
        assert router.activity == Activity(in_flight=2, waiting=3, done=0, retries=0)
        opened.set()
    assert router.activity == Activity(in_flight=0, waiting=0, done=5, retries=0)


PAID = ModelReply(text="", usage=Usage(input_tokens=1_000_000))


async def test_a_reply_is_priced() -> None:
    section = RoleSection(model="m", price=(2.0, 1.0, 3.0))
    router = Router.for_backend(ScriptedModel([PAID]), section=section)
    assert (await router.ask("memory", REQUEST)).cost == 2.0


async def test_a_reply_of_unknown_price_has_no_cost() -> None:
    reply = await Router.for_backend(ScriptedModel([PAID])).ask("memory", REQUEST)
    assert reply.cost is None


async def test_a_backend_that_knows_the_cost_is_believed() -> None:
    free = msgspec.structs.replace(PAID, cost=0.0)
    section = RoleSection(price=(2.0, 1.0, 3.0))
    reply = await Router.for_backend(ScriptedModel([free]), section=section).ask("memory", REQUEST)
    assert reply.cost == 0.0


class Embedded(ScriptedModel):
    """A backend that says what it costs."""

    price: Price = FREE


async def test_a_backend_with_a_price_of_its_own_needs_no_other() -> None:
    router = Router.for_backend(Embedded([PAID]))
    router.require_prices(LimitsSection(run_cost=1.0))
    assert (await router.ask("memory", REQUEST)).cost == 0.0


async def test_a_limit_on_money_is_refused_where_no_price_is_known() -> None:
    router = Router.for_backend(ScriptedModel([]), section=RoleSection(backend="b", model="m"))
    router.require_prices(LimitsSection())
    with pytest.raises(ConfigError, match="memory: b m"):
        router.require_prices(LimitsSection(run_cost=1.0))
