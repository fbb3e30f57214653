"""The client of OpenAI-style servers, against a fake engine over real HTTP.

What a server can do wrong goes through router and backend together, as in an episode: it ends in
the right reply or in a ModelError, counted and timed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import anyio
import msgspec
import pytest

from automem.errors import ConfigError, ModelError
from automem.models.retry import Patience
from automem.models.router import Router, open_router
from automem.plugins import load_plugins
from automem.records.config import RoleSection
from automem.records.model import Message, ModelReply, ModelRequest, Sampling
from automem.testing.engine import FakeEngine, fake_engine
from automem.testing.model_server import ModelServer
from automem.testing.vllm import fake_vllm
from automem.testing.wire import Fault, FaultKind
from automem_backends.client import LARGEST_REPLY_BYTES
from automem_backends.openai_compatible import OpenAICompatible, OpenAICompatibleOptions

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="go west"),), identity="crafter/42/7")
KEYS = {"MY_KEY": "sk-secret"}


@asynccontextmanager
async def client(
    server: FakeEngine | ModelServer,
    /,
    model: str = "m",
    adapter: str | None = None,
    **options: Any,
) -> AsyncGenerator[OpenAICompatible]:
    settings = OpenAICompatibleOptions(**{"base_url": server.url, **options})
    backend = OpenAICompatible(model, adapter, settings, environ=KEYS)
    try:
        yield backend
    finally:
        await backend.aclose()


class Sleeper:
    """Waits that take no time and are remembered."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


async def ask(
    *faults: Fault | None,
    sleeper: Sleeper | None = None,
    retries: int = 3,
    timeout_seconds: float = 60.0,
    **options: Any,
) -> tuple[ModelReply, FakeEngine]:
    """One call, through router and backend, at an engine whose first calls go wrong."""
    patience = Patience(timeout_seconds, retries, random=Random(1), sleep=sleeper or Sleeper())
    async with (
        fake_engine(lambda _: "<|DONE|>", faults=faults) as engine,
        client(engine, **options) as backend,
    ):
        section = RoleSection(backend="openai-compatible", model="m")
        router = Router.for_backend(backend, section=section, patience=patience)
        try:
            reply = await router.ask("memory", REQUEST)
        finally:
            assert router.activity.in_flight == router.activity.waiting == 0
        return reply, engine


def refusal(status: int, **fields: Any) -> Fault:
    return Fault(kind="status", status=status, **fields)


async def test_a_call_carries_its_name_and_body_and_comes_back_with_usage() -> None:
    async with fake_engine(lambda _: "hello") as engine, client(engine) as backend:
        reply = await backend.complete(REQUEST)
        call = engine.calls[0]
    assert (reply.text, reply.model, reply.usage.input_tokens) == ("hello", "m", 2)
    assert call.identity == "crafter/42/7"
    assert call.body == {"model": "m", "messages": [{"role": "user", "content": "go west"}]}
    assert call.authorization == ""


async def test_a_nameless_call_sends_no_name() -> None:
    async with fake_engine(lambda _: "") as engine, client(engine) as backend:
        await backend.complete(msgspec.structs.replace(REQUEST, identity=""))
        assert engine.calls[0].identity == ""


async def test_any_text_survives_the_wire() -> None:
    said = 'tabs\t"quotes" \\ <|END|> \u00e9\u4e2d\U0001f411\x00'
    async with (
        fake_engine(lambda body: body["messages"][0]["content"]) as engine,
        client(engine) as backend,
    ):
        request = ModelRequest(messages=(Message(role="user", content=said),))
        assert (await backend.complete(request)).text == said


async def test_extra_body_and_sampling_are_sent() -> None:
    async with fake_engine(lambda _: "") as engine:
        async with client(engine, extra_body={"top_k": 5}, engine="vllm") as backend:
            sampling = Sampling(temperature=0.5, stop=("<|DONE|>",))
            await backend.complete(msgspec.structs.replace(REQUEST, sampling=sampling))
        sent = engine.calls[0].body
    assert (sent["top_k"], sent["temperature"], sent["include_stop_str_in_output"]) == (
        5,
        0.5,
        True,
    )


@pytest.mark.parametrize(
    ("engine_name", "served"), [("openai", "lora"), ("vllm", "lora"), ("sglang", "m:lora")]
)
async def test_an_adapter_is_named_as_the_engine_wants_it(engine_name: str, served: str) -> None:
    async with fake_engine(lambda _: "") as engine:
        async with client(engine, adapter="lora", engine=engine_name) as backend:
            await backend.complete(REQUEST)
        assert engine.calls[0].body["model"] == served


def of_episode(name: str, call: int = 0) -> ModelRequest:
    return msgspec.structs.replace(REQUEST, identity=f"{name}/{call}")


async def test_an_episode_keeps_to_its_replica_and_others_take_turns() -> None:
    async with fake_engine(lambda _: "a") as one, fake_engine(lambda _: "b") as two:
        async with client(one, base_url=(one.url, two.url)) as backend:
            for call in range(3):
                for episode in ("e/1", "e/2", "e/3", "e/4"):
                    await backend.complete(of_episode(episode, call))
        asked = [{call.identity.rpartition("/")[0] for call in each.calls} for each in (one, two)]
    assert asked == [{"e/1", "e/3"}, {"e/2", "e/4"}]
    assert len(one.calls) == len(two.calls) == 6


async def test_episodes_of_a_dead_replica_move_once_and_for_good() -> None:
    async with (
        fake_engine(lambda _: "") as one,
        client(one, base_url=("http://127.0.0.1:9/v1", one.url)) as backend,
    ):
        patience = Patience(60.0, 3, random=Random(1), sleep=Sleeper())
        router = Router.for_backend(backend, patience=patience)
        retries = [
            (await router.ask("memory", of_episode("e/1", call))).retries for call in range(3)
        ]
    assert retries == [1, 0, 0]


async def test_keeping_to_a_replica_finds_the_prompt_in_its_cache() -> None:
    async with fake_vllm() as one, fake_vllm() as two:
        async with client(one, "base", base_url=(one.url, two.url)) as backend:
            messages: list[Message] = []
            for call in range(4):
                for episode in range(3):
                    said = f"turn {call} of episode {episode}: " + "you see grass " * 30
                    talk = [m for m in messages if m.content.startswith(f"{episode}")]
                    message = Message(role="user", content=f"{episode} {said}")
                    messages.append(message)
                    request = ModelRequest(
                        messages=(*talk, message), identity=f"toy/{episode}/{call}"
                    )
                    reply = await backend.complete(request)
                    assert (reply.usage.cached_tokens > 0) == (call > 0)
        assert {call.identity.split("/")[1] for call in one.calls} == {"0", "2"}
        assert {call.identity.split("/")[1] for call in two.calls} == {"1"}


async def test_a_salt_keeps_prompts_apart_in_the_cache() -> None:
    cached: list[int] = []
    long = Message(role="user", content="you see grass " * 30)
    async with fake_vllm() as server:
        for salt in (None, "mine", "mine", None):
            async with client(server, "base", cache_salt=salt) as backend:
                reply = await backend.complete(ModelRequest(messages=(long,)))
                cached.append(reply.usage.cached_tokens)
    assert cached == [0, 0, 112, 112]


async def test_the_key_is_read_from_its_variable_and_shown_nowhere() -> None:
    async with fake_engine(lambda _: "in", api_key="sk-secret") as engine:
        async with client(engine, api_key_env="MY_KEY") as backend:
            assert (await backend.complete(REQUEST)).text == "in"
            assert "secret" not in repr(backend)
        assert engine.calls[0].authorization == "Bearer sk-secret"
    async with fake_engine(lambda _: "in", api_key="other") as engine:
        async with client(engine, api_key_env="MY_KEY") as backend:
            with pytest.raises(ModelError, match="variable MY_KEY was refused") as raised:
                await backend.complete(REQUEST)
        assert "secret" not in str(raised.value)


def test_a_variable_that_is_not_set_is_told_at_once() -> None:
    options = OpenAICompatibleOptions(base_url="http://a", api_key_env="NOT_SET")
    with pytest.raises(ConfigError, match="NOT_SET, which is not set"):
        OpenAICompatible("m", None, options, environ={})


@pytest.mark.parametrize("key", ["sk-a\nsk-b", "sk-\x00", "sk-\u00e9"])
def test_a_key_that_cannot_be_sent_is_told_at_once_and_not_shown(key: str) -> None:
    options = OpenAICompatibleOptions(base_url="http://a", api_key_env="MY_KEY")
    with pytest.raises(ConfigError, match="MY_KEY holds a line break") as raised:
        OpenAICompatible("m", None, options, environ={"MY_KEY": key})
    assert "sk-" not in str(raised.value)


@pytest.mark.parametrize("model", [None, ""])
def test_a_model_must_be_named(model: str | None) -> None:
    with pytest.raises(ConfigError, match="needs `model`"):
        OpenAICompatible(model, None, OpenAICompatibleOptions(base_url="http://a"))


async def test_closing_twice_and_unused_is_fine() -> None:
    backend = OpenAICompatible("m", None, OpenAICompatibleOptions(base_url="http://a"))
    await backend.aclose()
    await backend.aclose()


async def test_a_configuration_makes_it_by_name() -> None:
    async with fake_engine(lambda _: "hello") as engine:
        options = {"base_url": engine.url, "extra_body": {"top_k": 1}}
        roles = {
            "default": RoleSection(backend="openai-compatible", model="base", options=options),
            "memory": RoleSection(adapter="lora", price=(1.0, 1.0, 1.0)),
        }
        async with open_router(roles, load_plugins(blocked=["hanoi"])) as router:
            assert router.describe("memory") == "openai-compatible base+lora"
            reply = await router.ask("memory", REQUEST)
            await router.ask("gameplay", REQUEST)
        assert [call.body["model"] for call in engine.calls] == ["lora", "base"]
        assert reply.cost == pytest.approx(4e-6)


@pytest.mark.parametrize(
    "fault",
    [
        refusal(500),
        refusal(502),
        refusal(503),
        refusal(408),
        refusal(409),
        refusal(429),
        Fault(kind="drop"),
        Fault(kind="close_early"),
        Fault(kind="broken_json"),
        Fault(kind="no_choices"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_what_passes_is_retried_counted_and_timed(fault: Fault) -> None:
    sleeper = Sleeper()
    reply, engine = await ask(fault, fault, sleeper=sleeper)
    assert (reply.text, reply.retries) == ("<|DONE|>", 2)
    assert engine.received["crafter/42/7"] == 3
    assert engine.answered["crafter/42/7"] == 1
    assert len(sleeper.slept) == 2
    assert reply.waited_seconds > 0


async def test_what_does_not_pass_ends_in_an_error_that_counts_the_tries() -> None:
    with pytest.raises(
        ModelError, match=r"memory model .* answered 500: .* \(4 tries in"
    ) as raised:
        await ask(*[refusal(500)] * 4)
    assert raised.value.status == 500


async def test_retry_after_is_honored() -> None:
    sleeper = Sleeper()
    reply, _ = await ask(refusal(429, retry_after="7"), sleeper=sleeper)
    assert reply.retries == 1
    assert 7.0 <= sleeper.slept[0] <= 7.5


async def test_an_endless_retry_after_is_cut_by_the_deadline() -> None:
    sleeper = Sleeper()
    await ask(refusal(429, retry_after="86400"), sleeper=sleeper, timeout_seconds=100.0)
    assert 69.0 < sleeper.slept[0] <= 70.0


async def test_a_server_that_hangs_is_given_up_at_the_deadline() -> None:
    with pytest.raises(ModelError, match=r"the deadline of 0\.2 s has passed \(1 try in "):
        await ask(Fault(kind="hang"), timeout_seconds=0.2)


async def test_an_attempt_may_have_a_limit_of_its_own() -> None:
    reply, _ = await ask(Fault(kind="hang"), attempt_seconds=0.2)
    assert (reply.text, reply.retries) == ("<|DONE|>", 1)


async def test_a_replica_that_hangs_leaves_time_for_another() -> None:
    section = RoleSection(backend="x", timeout_seconds=1.0, retries=1)
    async with (
        fake_engine(lambda _: "never", faults=lambda _: Fault(kind="hang")) as hangs,
        fake_engine(lambda _: "<|DONE|>") as well,
        client(well, base_url=(hangs.url, well.url)) as backend,
    ):
        router = Router.for_backend(backend, section=section)
        reply = await router.ask("memory", REQUEST)
    assert (reply.text, reply.retries) == ("<|DONE|>", 1)
    assert hangs.received.total() == 1


async def test_giving_up_closes_the_connection_so_that_the_engine_stops() -> None:
    async with fake_engine(lambda _: "", delay_seconds=60.0) as engine, client(engine) as backend:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(backend.complete, REQUEST)
            while not engine.received:
                await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        while engine.connections:
            await anyio.wait_all_tasks_blocked()
        assert engine.answered.total() == 0


@pytest.mark.parametrize("kind", ["empty_text", "null_text"])
async def test_an_answer_without_text_is_an_answer(kind: FaultKind) -> None:
    reply, _ = await ask(Fault(kind=kind))
    assert (reply.text, reply.retries) == ("", 0)


async def test_an_answer_without_usage_is_an_answer() -> None:
    reply, _ = await ask(Fault(kind="no_usage"))
    assert (reply.text, reply.usage.output_tokens) == ("<|DONE|>", 0)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusal(401), "set api_key_env"),
        (refusal(403), "may not use this model"),
        (refusal(404), "check that base_url ends in /v1"),
        (refusal(422), "check the role's sampling"),
        (refusal(307), "it redirects"),
        (refusal(400, code="context_length_exceeded"), "longer than the model's context"),
        (Fault(kind="endless"), f"more than {LARGEST_REPLY_BYTES} bytes"),
    ],
)
async def test_what_will_not_pass_is_told_after_one_try(fault: Fault, said: str) -> None:
    sleeper = Sleeper()
    with pytest.raises(ModelError, match=r"\(1 try in") as raised:
        await ask(fault, sleeper=sleeper)
    assert said in str(raised.value)
    assert not raised.value.retryable
    assert sleeper.slept == []


async def test_a_server_that_is_not_there_is_told_by_its_address() -> None:
    with pytest.raises(ModelError, match=r"nothing listens at http://127\.0\.0\.1:9/v1"):
        await ask(base_url="http://127.0.0.1:9/v1")


async def test_many_calls_at_once_are_each_asked_once_however_much_goes_wrong() -> None:
    faults: list[Fault | None] = [refusal(500), None, refusal(429), None, Fault(kind="drop"), None]
    async with (
        fake_engine(lambda body: body["messages"][0]["content"], faults=faults * 20) as engine,
        client(engine) as backend,
    ):
        patience = Patience(60.0, 50, random=Random(1), sleep=Sleeper())
        router = Router.for_backend(backend, patience=patience)
        said: dict[int, str] = {}

        async def call(number: int) -> None:
            request = ModelRequest(
                messages=(Message(role="user", content=f"call {number}"),), identity=f"e/{number}"
            )
            said[number] = (await router.ask("memory", request)).text

        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(call, number)
        assert said == {number: f"call {number}" for number in range(200)}
        assert set(engine.answered.values()) == {1}
        assert engine.received.total() == 200 + router.activity.retries == 260


def test_the_module_does_not_import_aiohttp() -> None:
    code = (
        "import sys, automem_backends.openai_compatible, automem_backends.plugin\n"
        "sys.exit('aiohttp' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
