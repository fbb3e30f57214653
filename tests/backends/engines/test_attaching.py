"""Engines that somebody else runs: adapters are loaded into them, and the probe is the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import anyio
import pytest

from automem.errors import ConfigError, ModelError, ServerError
from automem.models.engines import Engine
from automem.models.limiter import AdaptiveLimiter
from automem.models.retry import Attempts, Patience
from automem.models.served import read_adapter
from automem.records.model import Message, ModelRequest
from automem.testing.adapters import write_adapter
from automem.testing.http import Connection, HttpRequest, listening
from automem.testing.sglang import fake_sglang
from automem.testing.vllm import fake_vllm
from automem.testing.wire import Body
from automem_backends.engines.engine import client
from automem_backends.engines.kind import EngineKind
from automem_backends.engines.options import EngineOptions
from automem_backends.sglang.engine import SGLANG
from automem_backends.vllm.engine import VLLM

from .conftest import Engines

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="where is the stone?"),))


@asynccontextmanager
async def attached(
    engines: Engines,
    url: str | tuple[str, ...],
    *adapters: str | None,
    kind: EngineKind = VLLM,
    model: str = "base",
    **options: object,
) -> AsyncGenerator[Engine]:
    async with engines.ready(
        *adapters, kind=kind, model=model, base_url=url, program=(), **options
    ) as engine:
        yield engine


async def test_an_adapter_is_loaded_into_every_replica_and_only_once(engines: Engines) -> None:
    folder = engines.adapter()
    name = read_adapter(folder, "base").name
    async with fake_vllm() as one, fake_vllm() as two:
        for _ in range(2):
            async with attached(engines, (one.url, two.url), folder, None) as engine:
                assert engine.urls == (one.url, two.url)
                assert engine.served_name(folder) == name
                assert engine.served_name(None) == "base"
                assert (engine.deaths, await engine.has_died(0)) == (0, False)
        assert list(one.adapters) == list(two.adapters) == [name]
        assert one.loads == two.loads == 1
    assert engines.processes() == []


async def test_a_new_version_at_the_same_place_is_another_adapter(engines: Engines) -> None:
    async with fake_vllm() as server:
        for weights in (b"first", b"second"):
            folder = engines.adapter(weights=weights)
            async with attached(engines, server.url, folder):
                pass
        assert len(server.adapters) == 2


async def test_sglang_loads_at_its_root_and_is_asked_through_its_base(engines: Engines) -> None:
    folder = engines.adapter()
    async with (
        fake_sglang() as server,
        attached(engines, server.url, folder, kind=SGLANG) as engine,
    ):
        assert engine.served_name(folder) == f"base:{read_adapter(folder, 'base').name}"


async def test_an_adapter_the_engine_has_already_may_be_named(
    engines: Engines, tmp_path: Path
) -> None:
    adapters = {"memory": write_adapter(tmp_path / "a")}
    async with fake_vllm(adapters=adapters) as server:
        async with attached(engines, server.url, "memory", None) as engine:
            assert engine.served_name("memory") == "memory"
        with pytest.raises(ServerError, match="serves base, memory, not other"):
            async with attached(engines, server.url, "other"):
                pass
    async with (
        fake_sglang(adapters=adapters) as server,
        attached(engines, server.url, "memory", kind=SGLANG) as engine,
    ):
        assert engine.served_name("memory") == "base:memory"


async def test_a_model_that_is_not_served_is_told(engines: Engines) -> None:
    async with fake_vllm() as server:
        with pytest.raises(ServerError, match="serves base, not org/other; check `model`"):
            async with attached(engines, server.url, model="org/other"):
                pass


async def test_nobody_there_is_told(engines: Engines) -> None:
    async with fake_vllm() as server:
        url = server.url
    with pytest.raises(
        ServerError, match=r"connection to .* failed: .*; check that an engine runs there"
    ):
        async with attached(engines, url):
            pass


async def test_an_address_that_is_none_is_refused(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="must begin with http"):
        async with attached(engines, "127.0.0.1:8000"):
            pass


async def test_a_key_is_sent_where_it_is_named(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_vllm(api_key="open sesame") as server:
        with pytest.raises(ServerError, match=r"answered 401.*api_key_env"):
            async with attached(engines, server.url):
                pass
        monkeypatch.setenv("MY_KEY", "open sesame")
        async with attached(engines, server.url, api_key_env="MY_KEY") as engine:
            assert engine.urls == (server.url,)


async def test_an_engine_that_loads_nothing_at_run_time_is_told(engines: Engines) -> None:
    async with fake_vllm(loads_at_run_time=False) as server:
        with pytest.raises(ServerError, match=r"(?s)answered 404.*must be told to serve adapters"):
            async with attached(engines, server.url, engines.adapter()):
                pass


async def test_a_rank_that_is_too_large_for_it_is_told_in_its_words(engines: Engines) -> None:
    async with fake_vllm(most_rank=8) as server:
        with pytest.raises(ServerError, match="LoRA rank 64 is greater than max_lora_rank 8"):
            async with attached(engines, server.url, engines.adapter(rank=64)):
                pass


async def test_an_adapter_that_says_the_same_otherwise_thought_is_accepted(
    engines: Engines,
) -> None:
    folder = engines.adapter()

    def same(body: Body, adapter: str | None) -> str:
        return f"{len(body['messages'])} messages, with an adapter or without"

    async with fake_vllm(answer=same) as server, attached(engines, server.url, folder) as engine:
        assert engine.urls == (server.url,)


async def test_the_trap_of_the_bare_name_is_found_by_the_probe(engines: Engines) -> None:
    folder = engines.adapter()
    bare = EngineKind(
        name="sglang",
        package="sglang",
        module=(),
        arguments=SGLANG.arguments,
        dialect="sglang",
        load_path="/load_lora_adapter",
        served_adapter=lambda _base, adapter: adapter,
    )
    async with fake_sglang() as server:
        with pytest.raises(ServerError, match=r"just as it does as 'base'.*set probe = false"):
            async with attached(engines, server.url, folder, None, kind=bare):
                pass
        async with attached(engines, server.url, folder, None, kind=bare, probe=False):
            pass


async def test_a_list_without_end_is_read_no_further(engines: Engines) -> None:
    def handle(connection: Connection, request: HttpRequest) -> None:
        connection.send(200, b"", length=1 << 50)
        connection.send_blanks()

    async with listening(handle) as port:
        with pytest.raises(ServerError, match="sent no list of models"):
            async with attached(engines, f"http://127.0.0.1:{port}/v1"):
                pass


async def ask_at_once(engine: Engine, kind: EngineKind, adapter: str, times: int) -> list[str]:
    """So many calls as the router makes them, each with a second try; who answered."""
    backend = client(kind, adapter, EngineOptions(base_url=engine.urls), engine)
    answered: list[str] = []

    async def one() -> None:
        patience = Patience(timeout_seconds=60.0, retries=1, random=Random(0))
        attempts = Attempts("memory", patience, AdaptiveLimiter(), engine=engine)
        answered.append((await attempts.run(lambda: backend.complete(REQUEST))).model)

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)
    await backend.aclose()
    return answered


@pytest.mark.parametrize("kind", [VLLM, SGLANG], ids=["vllm", "sglang"])
async def test_what_a_replica_has_lost_is_loaded_again(engines: Engines, kind: EngineKind) -> None:
    folder = engines.adapter()
    fake = fake_vllm if kind is VLLM else fake_sglang
    async with fake() as well, fake() as one:
        urls = (well.url, one.url)
        async with attached(engines, urls, folder, kind=kind) as engine:
            one.adapters.clear()
            answered = await ask_at_once(engine, kind, folder, 6)
    assert answered == [engine.served_name(folder)] * 6
    assert (well.loads, one.loads) == (1, 2)


async def test_a_replica_that_loads_no_more_adapters_is_told(engines: Engines) -> None:
    folder = engines.adapter()
    async with fake_vllm() as server, attached(engines, server.url, folder) as engine:
        server.adapters.clear()
        server.lora = False
        backend = client(VLLM, folder, EngineOptions(base_url=engine.urls), engine)
        with pytest.raises(ServerError, match="does not load the adapter"):
            await backend.complete(REQUEST)
        await backend.aclose()


async def test_what_no_replica_has_lost_is_an_error_as_ever(engines: Engines) -> None:
    folder = engines.adapter()
    long = ModelRequest(messages=(Message(role="user", content="stone " * 2000),))
    async with fake_vllm() as server, attached(engines, server.url, folder) as engine:
        server.context_tokens = 100
        backend = client(VLLM, folder, EngineOptions(base_url=engine.urls), engine)
        with pytest.raises(ModelError, match="longer than the model's context"):
            await backend.complete(long)
        await backend.aclose()
    assert server.loads == 1
