"""The player that asks the Messages API, against a fake of it over real HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from automem.errors import ConfigError, ModelError
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.models.retry import Patience
from automem.models.router import Router, open_router
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.model import Message, ModelReply, ModelRequest, Sampling
from automem.run.layout import run_folder
from automem.testing.anthropic import FakeAnthropic, fake_anthropic
from automem.testing.meta_script import ScriptedTurn
from automem.testing.toy import toy_entry_point
from automem.testing.toy_player import toy_answer
from automem.testing.wire import Body, Fault
from automem_backends.anthropic import Anthropic, AnthropicOptions
from automem_backends.anthropic_wire import DEFAULT_MAX_TOKENS

pytestmark = pytest.mark.anyio

RULES = Message(role="system", content="You play. " * 40)
REQUEST = ModelRequest(
    messages=(RULES, Message(role="user", content="go west")), identity="crafter/42/7"
)
KEYS = {"MY_KEY": "sk-secret"}


@asynccontextmanager
async def client(server: FakeAnthropic, /, **options: Any) -> AsyncGenerator[Anthropic]:
    settings = AnthropicOptions(**{"base_url": server.root, "api_key_env": "MY_KEY", **options})
    backend = Anthropic("claude-sonnet-5-5", None, settings, environ=KEYS)
    try:
        yield backend
    finally:
        await backend.aclose()


async def ask(
    *faults: Fault | None,
    request: ModelRequest = REQUEST,
    answer: Callable[[Body], str | ScriptedTurn] = lambda _: "<|DONE|>",
    **options: Any,
) -> tuple[ModelReply, FakeAnthropic]:
    """One call, through router and backend, at an API whose first calls go wrong."""

    async def no_time(seconds: float) -> None:
        assert seconds >= 0

    patience = Patience(60.0, 3, random=Random(1), sleep=no_time)
    async with (
        fake_anthropic(answer, faults=faults, api_key="sk-secret") as server,
        client(server, **options) as backend,
    ):
        section = RoleSection(backend="anthropic", model="claude-sonnet-5-5")
        router = Router.for_backend(backend, section=section, patience=patience)
        return await router.ask("memory", request), server


def refusal(status: int, **fields: Any) -> Fault:
    return Fault(kind="status", status=status, **fields)


async def test_the_system_message_stands_apart_and_the_key_has_a_header() -> None:
    reply, server = await ask()
    assert (reply.text, reply.model, reply.finish) == ("<|DONE|>", "claude-sonnet-5-5", "stop")
    call = server.calls[0]
    assert (call.identity, call.authorization) == ("crafter/42/7", "sk-secret")
    assert call.body == {
        "model": "claude-sonnet-5-5",
        "max_tokens": DEFAULT_MAX_TOKENS,
        "system": [{"type": "text", "text": RULES.content, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "go west"}]}],
    }


async def test_the_stop_string_is_put_back() -> None:
    sampling = Sampling(stop=("<|DONE|>", "<|END|>"), max_tokens=64)
    request = msgspec.structs.replace(REQUEST, sampling=sampling)
    reply, server = await ask(request=request, answer=lambda _: "note<|END|> and more<|DONE|>")
    assert (reply.text, reply.finish) == ("note<|END|>", "stop")
    assert server.calls[0].body["stop_sequences"] == ["<|DONE|>", "<|END|>"]
    assert server.calls[0].body["max_tokens"] == 64


async def test_usage_counts_all_input_and_what_the_cache_gave_and_took_has_its_price() -> None:
    async with fake_anthropic(lambda _: "four", api_key="sk-secret") as server:
        options = {"base_url": server.root, "api_key_env": "MY_KEY"}
        role = RoleSection(backend="anthropic", model="claude-sonnet-5-5", options=options)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MY_KEY", "sk-secret")
            async with open_router({"default": role}, load_plugins(blocked=["hanoi"])) as router:
                first = await router.ask("memory", REQUEST)
                second = await router.ask("memory", REQUEST)
    whole = first.usage.input_tokens
    written = first.cache_written_tokens
    assert second.usage.input_tokens == whole > written > 100
    assert (first.usage.cached_tokens, second.usage.cached_tokens) == (0, written)
    assert second.cache_written_tokens == 0
    assert first.cost == pytest.approx((2.0 * (whole - written) + 2.5 * written + 10.0) / 1e6)
    assert second.cost == pytest.approx((2.0 * (whole - written) + 0.1 * written + 10.0) / 1e6)


@pytest.mark.parametrize(("caching", "marked"), [("off", 0), ("system", 1), ("conversation", 2)])
async def test_what_is_cached_can_be_chosen(caching: str, marked: int) -> None:
    _, server = await ask(caching=caching)
    assert msgspec.json.encode(server.calls[0].body).count(b"cache_control") == marked


async def test_a_conversation_that_grows_is_read_from_the_cache_where_that_was_chosen() -> None:
    messages = [RULES]
    cached: list[int] = []
    async with (
        fake_anthropic(lambda _: "more", api_key="sk-secret") as server,
        client(server, caching="conversation") as backend,
    ):
        for turn in range(3):
            messages.append(Message(role="user", content=f"turn {turn}: " + "you see grass " * 9))
            reply = await backend.complete(ModelRequest(messages=tuple(messages)))
            messages.append(Message(role="assistant", content=reply.text))
            cached.append(reply.usage.cached_tokens)
    assert cached[0] == 0 < cached[1] < cached[2]


async def test_an_empty_message_is_left_out_as_the_api_refuses_it() -> None:
    talk = (
        Message(role="system", content=" "),
        Message(role="user", content="go"),
        Message(role="assistant", content=""),
        Message(role="user", content="on"),
    )
    reply, server = await ask(request=ModelRequest(messages=talk), caching="conversation")
    assert reply.text == "<|DONE|>"
    assert [m["role"] for m in server.calls[0].body["messages"]] == ["user", "user"]
    assert "system" not in server.calls[0].body


async def test_thoughts_are_not_said_and_a_cut_answer_says_so() -> None:
    turn = ScriptedTurn(thinking="west, I think", text="go west", end="length")
    reply, _ = await ask(answer=lambda _: turn)
    assert (reply.text, reply.finish) == ("go west", "length")


async def test_extra_fields_come_last() -> None:
    _, server = await ask(extra_body={"output_config": {"effort": "low"}, "max_tokens": 7})
    assert server.calls[0].body["output_config"] == {"effort": "low"}
    assert server.calls[0].body["max_tokens"] == 7


async def test_a_refusal_is_an_error_that_says_so_after_one_try() -> None:
    turn = ScriptedTurn(text="", thinking="no", end="refusal")
    with pytest.raises(ModelError, match=r"refused to answer \(cyber\).*\(1 try in") as raised:
        await ask(answer=lambda _: turn)
    assert not raised.value.retryable


@pytest.mark.parametrize(
    "fault",
    [
        refusal(429, retry_after="0"),
        refusal(529),
        refusal(500),
        Fault(kind="drop"),
        Fault(kind="broken_json"),
        Fault(kind="close_early"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_what_passes_is_tried_again(fault: Fault) -> None:
    reply, server = await ask(fault, fault)
    assert (reply.text, reply.retries, len(server.calls)) == ("<|DONE|>", 2, 3)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusal(400, message="prompt is too long: 9 tokens > 8"), "longer than the model's"),
        (refusal(400, message="`temperature` is deprecated"), "take temperature and top_p out"),
        (refusal(400), "does not accept the request"),
        (refusal(401), "variable MY_KEY was refused"),
        (refusal(402), "cannot pay"),
        (refusal(403), "may not use this model"),
        (refusal(404), "check that 'claude-sonnet-5-5' is the name"),
        (refusal(413), "too large"),
        (refusal(307), "redirects"),
    ],
)
async def test_what_will_not_pass_is_told_after_one_try(fault: Fault, said: str) -> None:
    with pytest.raises(ModelError, match=r"\(1 try in") as raised:
        await ask(fault)
    assert said in str(raised.value)


async def test_sampling_that_the_model_does_not_take_is_told() -> None:
    request = msgspec.structs.replace(REQUEST, sampling=Sampling(temperature=0.5))
    with pytest.raises(ModelError, match="take temperature and top_p out of the role"):
        await ask(request=request)


async def test_the_key_is_never_repeated() -> None:
    async with fake_anthropic(lambda _: "", api_key="another") as server, client(server) as one:
        assert "secret" not in repr(one)
        with pytest.raises(ModelError, match=r"invalid x-api-key \*\*\*") as raised:
            await one.complete(REQUEST)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("model", "adapter", "options", "said"),
    [
        (None, None, AnthropicOptions(), "needs `model`"),
        ("m", "lora", AnthropicOptions(), "has no adapters"),
        ("m", None, AnthropicOptions(), "ANTHROPIC_API_KEY, which is not set"),
        ("m", None, AnthropicOptions(base_url="nowhere"), "must begin with http"),
    ],
)
def test_what_cannot_work_is_told_at_once(
    model: str | None, adapter: str | None, options: AnthropicOptions, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        Anthropic(model, adapter, options, environ={})


async def test_the_toy_game_is_played_through_it(tmp_path: Path) -> None:
    async with fake_anthropic(toy_answer) as server:
        options = {"base_url": f"{server.root}/v1", "api_key_env": "FAKE_KEY"}
        role = RoleSection(backend="anthropic", model="claude-haiku-4-5", options=options)
        config = RunConfig(
            run=RunSection(name="toy", folder=str(tmp_path)),
            environment=EnvironmentSection(name="toy", tasks=("default",)),
            scaffold=ScaffoldSection(source="toy"),
            roles={"default": role},
            seeds=SeedsSection(search=(1,)),
            evaluation=EvaluationSection(workers=1),
        )
        found = metadata.entry_points(group="automem")
        plugins = load_plugins(entry_points=[*found, toy_entry_point()])
        folder = run_folder(config.run.folder, config.run.name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FAKE_KEY", "sk-fake")
            played = await evaluate(config, plugins, folder, progress=Progress())
        assert played.mean == 100.0
        assert played.totals.usage.cached_tokens > 0
        assert played.totals.cost is not None
        assert "sk-fake" not in str([path.read_bytes() for path in folder.path.rglob("*.json*")])


def test_the_module_does_not_import_aiohttp() -> None:
    code = "import sys, automem_backends.anthropic\nsys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
