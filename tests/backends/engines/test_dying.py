"""An engine that dies while it is asked: started again once, and then given up."""

from __future__ import annotations

import os
import signal
from random import Random

import anyio
import pytest

from automem.errors import ModelError, ServerError
from automem.models.engines import Engine
from automem.models.limiter import AdaptiveLimiter
from automem.models.retry import Attempts, Patience
from automem.records.model import Message, ModelReply, ModelRequest
from automem_backends.engines.engine import client
from automem_backends.engines.options import EngineOptions
from automem_backends.engines.pace import Pace
from automem_backends.engines.wire import wires
from automem_backends.vllm.engine import VLLM

from .conftest import Engines

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="where is the stone?"),))


async def ask(engine: Engine, adapter: str | None = None, *, tries: int = 1) -> ModelReply:
    """One call as the router makes it, with `tries` tries that count."""
    patience = Patience(timeout_seconds=60.0, retries=tries - 1, random=Random(0))
    attempts = Attempts("memory", patience, AdaptiveLimiter(), engine=engine)
    backend = client(VLLM, adapter, EngineOptions(), engine)
    try:
        return await attempts.run(lambda: backend.complete(REQUEST))
    finally:
        await backend.aclose()


async def test_a_call_that_meets_a_death_is_answered_after_it_and_not_counted(
    engines: Engines,
) -> None:
    folder = engines.adapter()
    once = str(engines.folder / "once")
    # Sixteen calls of the probe, and one of ours.
    orders = ["--fault", "dies-after=17", "--fault-once", once]
    async with engines.ready(folder, orders=orders) as engine:
        before = await ask(engine, folder)
        assert engine.deaths == 0
        after = await ask(engine, folder)
        assert engine.deaths == 1
        assert after.retries == 0
        assert (after.text, after.model) == (before.text, before.model)
    said = "\n".join(engines.said)
    assert "died with status 1" in said
    assert "EngineDeadError" in said
    assert "is started again" in said
    assert engines.processes() == []


async def test_many_calls_that_meet_a_death_are_all_answered(engines: Engines) -> None:
    orders = ["--fault", "dies-after=9", "--fault-once", str(engines.folder / "once")]
    replies: list[ModelReply] = []

    async with engines.ready(orders=orders) as engine:

        async def one() -> None:
            replies.append(await ask(engine))

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
        assert engine.deaths == 1
    assert len(replies) == 20
    assert {reply.retries for reply in replies} == {0}


async def test_a_second_death_is_for_good_and_says_so(engines: Engines) -> None:
    async with engines.ready() as engine:
        os.kill(engines.mains()[0], signal.SIGKILL)
        await ask(engine)
        os.kill(engines.mains()[0], signal.SIGKILL)
        with pytest.raises(ServerError, match=r"(?s)died with status 137.*started 2 times"):
            await ask(engine)
        with pytest.raises(ServerError, match="given up"):
            await engine.ready()
        assert engine.deaths == 2
    assert engines.processes() == []


async def test_an_engine_that_says_nothing_is_ended_and_started_again(engines: Engines) -> None:
    impatient = Pace(poll=0.02, check=0.3, hung=2.0, look=20.0, grace=0.5)
    async with engines.ready(pace=impatient) as engine:
        os.kill(engines.mains()[0], signal.SIGSTOP)
        await engines.hear("is started again")
        await engine.ready()
        assert (await ask(engine)).text
    assert any("did not say that it is well" in line for line in engines.said)
    assert engines.processes() == []


async def test_an_adapter_that_changed_is_not_loaded_again(engines: Engines) -> None:
    folder = engines.adapter(weights=b"before")
    async with engines.ready(folder) as engine:
        engines.adapter(weights=b"after")
        os.kill(engines.mains()[0], signal.SIGKILL)
        with pytest.raises(ServerError, match="is not what it was when the run began"):
            await ask(engine, folder)


async def test_one_replica_that_is_given_up_leaves_the_others(engines: Engines) -> None:
    folder = engines.adapter()
    async with engines.ready(folder, replicas=2) as engine:
        engines.adapter(weights=b"after")
        os.kill(engines.mains()[0], signal.SIGKILL)
        await engines.hear("is given up")
        assert (await ask(engine, folder, tries=3)).text


async def test_a_failure_of_a_living_engine_counts(engines: Engines) -> None:
    async with engines.ready() as engine:
        assert not await engine.has_died(0)
        assert not await engine.has_died(0)
        body = {"model": "org/base", "messages": []}
        async with wires() as to:
            assert (await to.to(engine.urls[0]).post("/v1/chat/completions", body)).status == 400
        with pytest.raises(ModelError, match="404"):
            await ask(engine, "unknown")
        assert engine.deaths == 0
