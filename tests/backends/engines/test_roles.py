"""Roles and their engines: one server for base and adapter, or an engine for each role."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any

import msgspec
import pytest

from automem.errors import ConfigError, EvaluationUnfinished, ScaffoldError, ServerError
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.models.lone import lone_router
from automem.models.router import Router, open_router
from automem.plugins import Plugins, load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.model import Message, ModelRequest
from automem.run.layout import RunFolder
from automem.testing.toy import toy_entry_point

from .conftest import Engines, program

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="where is the stone?"),))


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


def role(name: str, *orders: str, **more: Any) -> RoleSection:
    """A role on the fake of an engine."""
    options = {"program": list(program(name)), **more.pop("options", {})}
    if orders:
        options["engine_arguments"] = list(orders)
    return RoleSection(backend=name, model="org/base", options=options, **more)


@asynccontextmanager
async def router(
    engines: Engines, plugins: Plugins, **roles: RoleSection
) -> AsyncGenerator[Router]:
    logs = engines.folder / "logs"
    async with open_router(roles, plugins, logs=logs, tell=engines.tell) as opened:
        yield opened


async def test_base_and_adapter_are_two_models_on_one_server(
    engines: Engines, plugins: Plugins
) -> None:
    memory = RoleSection(adapter=engines.adapter(), options={"extra_body": {"top_k": 20}})
    async with router(engines, plugins, default=role("vllm"), memory=memory) as models:
        assert len(engines.mains()) == 1
        assert not models.shared
        of_memory, of_gameplay = (models.models[name] for name in ("memory", "gameplay"))
        assert of_memory.engine is of_gameplay.engine
        assert of_memory.limiter is of_gameplay.limiter
        replies = [await models.ask(name, REQUEST) for name in ("memory", "gameplay")]
    assert replies[0].text != replies[1].text
    assert replies[0].model.startswith("memory-")
    assert replies[1].model == "org/base"
    assert engines.processes() == []


async def test_each_role_may_have_an_engine_of_its_own_with_limits_and_prices(
    engines: Engines, plugins: Plugins
) -> None:
    memory = role("vllm", adapter=engines.adapter(), concurrency=3, price=(1e6, 1e6, 0.0))
    gameplay = role("sglang", concurrency=5, price=(2e6, 2e6, 0.0))
    async with router(engines, plugins, memory=memory, gameplay=gameplay) as models:
        assert len(engines.mains()) == 2
        limits = [models.models[name].limiter.most for name in ("memory", "gameplay")]
        replies = [await models.ask(name, REQUEST) for name in ("memory", "gameplay")]
    assert limits == [3, 5]
    assert replies[0].text != replies[1].text
    assert [reply.cost for reply in replies] == [
        float(replies[0].usage.input_tokens),
        2.0 * replies[1].usage.input_tokens,
    ]
    assert engines.processes() == []


async def test_one_engine_that_does_not_start_ends_the_other(
    engines: Engines, plugins: Plugins
) -> None:
    memory = role("vllm", "--start-delay", "600")
    gameplay = role("sglang", "--fault", "out-of-memory")
    with pytest.raises(ServerError, match=r"sglang on port .*memory does not suffice"):
        async with router(engines, plugins, memory=memory, gameplay=gameplay):
            pass
    assert engines.processes() == []


def config(engines: Engines, **roles: RoleSection) -> RunConfig:
    return RunConfig(
        run=RunSection(name="toy", folder=str(engines.folder / "runs")),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source="toy"),
        roles=roles,
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )


async def test_an_evaluation_outlives_a_death_of_its_engine(
    engines: Engines, plugins: Plugins
) -> None:
    once = str(engines.folder / "once")
    default = role("vllm", "--fault", "dies-after=40", "--fault-once", once)
    memory = RoleSection(adapter=engines.adapter())
    played = config(engines, default=default, memory=memory)
    run = RunFolder(engines.folder / "runs" / "toy")
    progress = Progress()
    evaluation = await evaluate(played, plugins, run, progress=progress)
    assert evaluation.mean == 100.0
    assert progress.retries == 0
    assert any("is started again" in notice for notice in progress.notices)
    assert "EngineDeadError" in "".join(path.read_text() for path in run.logs.glob("vllm-*.log"))
    assert engines.processes() == []


async def test_an_evaluation_whose_engine_is_gone_for_good_goes_on_later(
    engines: Engines, plugins: Plugins
) -> None:
    run = RunFolder(engines.folder / "runs" / "toy")
    dies = {"program": list(program("vllm", "--fault", "dies-after=30"))}
    dying = config(engines, default=role("vllm", options=dies))
    with pytest.raises(EvaluationUnfinished, match="started 2 times"):
        await evaluate(dying, plugins, run, progress=Progress())
    assert engines.processes() == []
    well = config(engines, default=role("vllm"))
    assert (await evaluate(well, plugins, run, progress=Progress())).mean == 100.0
    assert len(run.evaluations()) == 1


async def test_one_evaluation_after_another_keeps_the_engine(
    engines: Engines, plugins: Plugins
) -> None:
    played = config(engines, default=role("vllm"))
    run = RunFolder(engines.folder / "runs" / "toy")
    mains: list[list[int]] = []
    async with lone_router() as models:
        for seeds in ((1,), (2,)):
            progress = Progress()
            await evaluate(played, plugins, run, progress=progress, seeds=seeds, models=models.open)
            mains.append(engines.mains())
    assert len(mains[0]) == 1
    assert mains[0] == mains[1]
    assert engines.processes() == []


async def test_a_game_that_cannot_be_played_is_told_before_an_engine_starts(
    engines: Engines, plugins: Plugins
) -> None:
    played = config(engines, default=role("vllm", "--start-delay", "600"))
    wrong = msgspec.structs.replace(played, scaffold=ScaffoldSection(source="crafter-v0"))
    run = RunFolder(engines.folder / "runs" / "toy")
    with pytest.raises(ScaffoldError, match="cannot be played"):
        await evaluate(wrong, plugins, run, progress=Progress())
    assert not list(run.logs.glob("vllm-*.log"))


async def test_two_engines_on_one_port_are_refused_before_either_starts(
    engines: Engines, plugins: Plugins
) -> None:
    default = role("vllm", options={"port": 8123})
    memory = role("vllm", options={"port": 8122, "replicas": 2})
    with pytest.raises(ConfigError, match="are to listen on port 8123"):
        async with router(engines, plugins, default=default, memory=memory):
            pass
    assert engines.processes() == []


async def test_an_engine_without_a_price_is_not_started_under_a_limit_on_money(
    engines: Engines, plugins: Plugins
) -> None:
    played = config(engines, default=role("vllm", "--start-delay", "600"))
    limited = msgspec.structs.replace(played, limits=LimitsSection(run_cost=1.0))
    run = RunFolder(engines.folder / "runs" / "toy")
    with pytest.raises(ConfigError, match="the price of memory: vllm org/base is not known"):
        await evaluate(limited, plugins, run, progress=Progress())
    assert not run.path.exists() or not list(run.logs.glob("vllm-*.log"))
