"""From a command line to an engine that answers, and what is said where it does not."""

from __future__ import annotations

import socket

import anyio
import pytest

from automem.errors import ConfigError, PluginError, ServerError
from automem_backends.engines.wire import wires
from automem_backends.sglang.engine import SGLANG

from .conftest import QUICK, Engines, known

pytestmark = pytest.mark.anyio


async def models(url: str) -> tuple[str, ...]:
    async with wires() as to:
        return await to.to(url).models()


async def test_an_engine_is_started_with_its_adapter_and_ended(engines: Engines) -> None:
    folder = engines.adapter()
    async with engines.ready(folder, None) as engine:
        (url,) = engine.urls
        served = engine.served_name(folder)
        assert served.startswith("memory-")
        assert await models(url) == ("org/base", served)
        assert engine.served_name(None) == "org/base"
        assert engine.deaths == 0
        assert len(engines.processes()) == 2
    assert engines.processes() == []
    assert "Uvicorn running" in engines.log
    assert any("ready after" in line for line in engines.said)


async def test_sglang_is_asked_by_base_and_adapter(engines: Engines) -> None:
    folder = engines.adapter()
    async with engines.ready(folder, None, kind=SGLANG) as engine:
        assert engine.served_name(folder).startswith("org/base:memory-")
        assert len(await models(engine.urls[0])) == 2
    assert engines.processes() == []


async def test_what_an_engine_started_ends_with_it(engines: Engines) -> None:
    async with engines.ready(orders=["--fault", "child", "--fault", "ignores-sigterm"]):
        assert len(engines.processes()) == 3
    assert engines.processes() == []


async def test_replicas_share_the_gpus_and_all_load_the_adapter(engines: Engines) -> None:
    folder = engines.adapter()
    async with engines.ready(folder, replicas=2, gpus=(0, 1, 2, 3)) as engine:
        assert len(set(engine.urls)) == 2
        for url in engine.urls:
            assert engine.served_name(folder) in await models(url)
        gpus = {text for text in "\n".join(engines.said).split() if "tensor" in text}
        assert gpus == {"--tensor-parallel-size"}
    assert engines.processes() == []


async def test_gpus_that_cannot_be_divided_are_refused(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="3 GPUs cannot be divided among 2 replicas"):
        async with engines.open(replicas=2, gpus=(0, 1, 2)):
            pass


async def test_a_gpu_that_is_named_twice_is_refused(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="gpus: a GPU is named twice"):
        async with engines.open(replicas=2, gpus=(0, 0)):
            pass


async def test_replicas_that_need_a_port_beyond_the_last_are_refused(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="2 replicas from 65535 on need ports above 65535"):
        async with engines.open(replicas=2, port=65535):
            pass


async def test_a_rank_above_the_one_that_is_set_is_refused(engines: Engines) -> None:
    with pytest.raises(ConfigError, match=r"max_lora_rank is 16, and the rank of .* is 32"):
        async with engines.open(engines.adapter(rank=32), max_lora_rank=16):
            pass


async def test_an_engine_needs_a_model(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="needs `model`"):
        async with engines.open(model=None):
            pass


async def test_an_engine_that_is_not_installed_says_how_to_get_it(engines: Engines) -> None:
    with pytest.raises(PluginError, match="automem setup vllm"):
        async with engines.open(program=()):
            pass


async def test_a_program_that_is_not_there_is_told(engines: Engines) -> None:
    async with engines.open(program=("/nowhere/vllm",)) as engine:
        with pytest.raises(ServerError, match="its program cannot be called; check `program`"):
            await engine.ready()


@pytest.mark.parametrize(
    "argument",
    ["--port", "--api-key=secret", "--served-model-name", "--served_model_name=x", "--por"],
)
async def test_what_everything_relies_on_is_no_argument_of_the_user(
    engines: Engines, argument: str
) -> None:
    with pytest.raises(ConfigError, match="is not for you to choose") as raised:
        async with engines.open(engine_arguments=(argument, "1")):
            pass
    assert "secret" not in str(raised.value)


async def test_a_variable_that_is_not_set_is_told(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="variables: the environment variable MY_TOKEN"):
        async with engines.open(variables=("MY_TOKEN",)):
            pass


async def test_only_the_secrets_that_are_named_reach_an_engine(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "for-the-hub")
    monkeypatch.setenv("OPENAI_API_KEY", "for-others")
    async with engines.ready(variables=("HF_TOKEN",)):
        variables = [known(pid, "environ") for pid in engines.processes()]
    assert all("for-the-hub" in one and "for-others" not in one for one in variables)
    assert "for-the-hub" not in "".join(engines.said)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("out-of-memory", "lower gpu_memory_utilization .* then max_model_len, then max_num_seqs"),
        ("no-kv-room", "lower max_model_len"),
        ("memory-taken", "lower gpu_memory_utilization, end the other process"),
        ("no-tokenizer", "has no tokenizer; put the tokenizer's files beside the weights"),
        ("no-chat-template", r"no chat template.*--chat-template"),
    ],
)
async def test_why_an_engine_did_not_start_is_told_from_its_log(
    engines: Engines, fault: str, said: str
) -> None:
    async with engines.open(orders=["--fault", fault]) as engine:
        with pytest.raises(ServerError, match=said):
            await engine.ready()
    assert engines.processes() == []


@pytest.mark.parametrize("fault", ["never-healthy", "hung-health", "never-listens"])
async def test_a_start_has_a_limit(engines: Engines, fault: str) -> None:
    async with engines.open(orders=["--fault", fault], start_seconds=0.6) as engine:
        with pytest.raises(ServerError, match=r"is well within 0.6 s \(start_seconds\)"):
            await engine.ready()
    assert engines.processes() == []


async def test_an_engine_that_is_well_and_answers_nothing_has_no_longer(engines: Engines) -> None:
    async with engines.open(orders=["--answer-delay", "600"], start_seconds=5) as engine:
        with pytest.raises(ServerError, match=r"answer the probe within 5 s \(start_seconds\)"):
            await engine.ready()
    assert engines.processes() == []


async def test_an_engine_that_dies_of_the_probe_is_said_to_have_died(engines: Engines) -> None:
    async with engines.open(orders=["--fault", "dies-after=0"]) as engine:
        with pytest.raises(ServerError, match=r"(?s)status 1 before it was ready.*EngineDeadError"):
            await engine.ready()
    assert engines.processes() == []


async def test_cancelling_a_start_leaves_nothing(engines: Engines) -> None:
    async with engines.open(orders=["--fault", "never-healthy", "--fault", "child"]) as engine:
        with anyio.move_on_after(30) as scope:
            await engines.hear("Uvicorn")
            assert len(engines.processes()) == 3
            scope.cancel()
            await engine.ready()
    assert engines.processes() == []


async def test_a_port_in_use_is_told_before_anything_starts(engines: Engines) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with engines.open(port=port) as engine:
            with pytest.raises(ServerError, match=f"port {port} is in use; choose another `port`"):
                await engine.ready()
    assert engines.log == ""


async def test_a_port_that_is_taken_meanwhile_is_given_up_for_another(engines: Engines) -> None:
    once = ["--fault", "port-in-use", "--fault-once", str(engines.folder / "once")]
    async with engines.open(orders=once) as engine:
        before = engine.urls
        await engine.ready()
        assert engine.urls != before
        port = engine.urls[0].removesuffix("/v1").rpartition(":")[2]
        assert (engines.folder / "logs" / f"vllm-{port}.log").is_file()
        assert engines.said[-1].startswith(f"vllm on port {port}: ready")
        assert await models(engine.urls[0]) == ("org/base",)


async def test_a_port_that_is_taken_every_time_ends_the_start(engines: Engines) -> None:
    async with engines.open(orders=["--fault", "port-in-use"]) as engine:
        with pytest.raises(ServerError, match="its port is in use"):
            await engine.ready()


async def test_the_log_is_told_line_by_line(engines: Engines) -> None:
    async with engines.open(orders=["--start-delay", "0.3"], pace=QUICK) as engine:
        await engine.ready()
    assert any("| INFO: model org/base" in line for line in engines.said)


async def test_an_engine_that_needs_its_first_probe_can_do_without(engines: Engines) -> None:
    async with engines.ready(orders=["--fault", "no-chat-template"], probe=False) as engine:
        assert await models(engine.urls[0]) == ("org/base",)
