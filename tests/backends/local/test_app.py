"""The endpoints, over HTTP, before a model without weights."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import anyio
import pytest

from automem.errors import ModelError, ServerError
from automem.records.model import Message, ModelRequest, Sampling
from automem_backends.local.app import listening_socket, serving
from automem_backends.local.service import Service
from automem_backends.openai_compatible import OpenAICompatible, OpenAICompatibleOptions

pytestmark = pytest.mark.anyio
HELLO = [{"role": "user", "content": "Which way is north?"}]


@dataclass
class Wire:
    """Asks a served model."""

    root: str
    service: Service
    session: aiohttp.ClientSession

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.session.post(f"{self.root}{path}", json=body) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(f"{self.root}{path}") as answer:
            return answer.status, await answer.text()

    async def ask(self, **fields: Any) -> tuple[int, Any]:
        body = {"model": "base", "messages": HELLO, "max_tokens": 6, "temperature": 0, **fields}
        return await self.post("/v1/chat/completions", body)

    async def text(self, **fields: Any) -> str:
        status, said = await self.ask(**fields)
        assert status == 200, said
        return said["choices"][0]["message"]["content"]


@asynccontextmanager
async def served(bench: Any) -> AsyncGenerator[Wire]:
    service = Service(bench.model, bench.scheduler, bench.base)
    thread = threading.Thread(target=bench.scheduler.run)
    thread.start()
    held = listening_socket(0)
    try:
        async with (
            serving(service, held, thread.is_alive),
            aiohttp.ClientSession() as session,
        ):
            yield Wire(f"http://127.0.0.1:{held.getsockname()[1]}", service, session)
    finally:
        bench.scheduler.stop()
        thread.join(30)


@pytest.fixture
async def wire(bench: Any) -> AsyncGenerator[Wire]:
    async with served(bench) as wire:
        yield wire


async def test_an_answer_has_the_form_that_vllm_gives_it(wire: Wire) -> None:
    status, said = await wire.ask(stop=["zzz"])
    choice = said["choices"][0]
    assert (status, said["object"], said["model"]) == (200, "chat.completion", "base")
    assert (choice["finish_reason"], choice["stop_reason"]) == ("length", None)
    assert len(choice["message"]["content"]) == 6
    prompt = said["usage"].pop("prompt_tokens")
    assert said["usage"] == {
        "completion_tokens": 6,
        "total_tokens": prompt + 6,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


async def test_our_client_gets_stop_strings_and_cached_tokens(wire: Wire) -> None:
    whole = await wire.text()
    options = OpenAICompatibleOptions(base_url=f"{wire.root}/v1", engine="vllm")
    client = OpenAICompatible("base", None, options)
    sampling = Sampling(temperature=0.0, max_tokens=6, stop=(whole[3:5],))
    messages = tuple(Message(**message) for message in HELLO)
    reply = await client.complete(ModelRequest(messages=messages, sampling=sampling))
    await client.aclose()
    assert (reply.text, reply.finish) == (whole[:5], "stop")
    assert reply.usage.cached_tokens == reply.usage.input_tokens - 1


async def test_logprobs_are_given_where_they_are_asked_for(wire: Wire) -> None:
    _, said = await wire.ask(logprobs=True, top_logprobs=2)
    listed = said["choices"][0]["logprobs"]["content"]
    assert [entry["logprob"] for entry in listed] == [-0.5] * 6
    assert [one["token"] for one in listed[0]["top_logprobs"]] == ["<end>", "b"]
    assert listed[0]["bytes"] == list(listed[0]["token"].encode())


async def test_contents_may_be_parts_of_text(wire: Wire) -> None:
    parts = [{"type": "text", "text": "Which way "}, {"type": "text", "text": "is north?"}]
    assert await wire.text(messages=[{"role": "user", "content": parts}]) == await wire.text()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"structured_outputs": {"choice": ["a"]}}, "structured_outputs"),
        ({"max_tokens": 0}, r"\$\.max_tokens"),
        ({"n": 2}, r"\$\.n"),
        ({"stream": True}, "stream"),
        ({"messages": []}, "at least one"),
        ({"messages": [{"content": "who?"}]}, "role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "parts of text"),
        ({"stop": [""]}, "1 to 1000 characters"),
        ({"max_tokens": 5000}, "maximum context length is 1000 tokens"),
        ({"messages": [{"role": "user", "content": "x" * 2000}]}, "exceeds this limit"),
    ],
)
async def test_what_cannot_be_served_is_refused_with_its_reason(
    wire: Wire, fields: dict[str, Any], words: str
) -> None:
    status, said = await wire.ask(**fields)
    assert (status, said["error"]["code"], said["error"]["type"]) == (400, 400, "BadRequestError")
    with pytest.raises(ModelError, match=words):
        raise ModelError(said["error"]["message"])


async def test_an_unknown_model_and_an_unknown_path_are_not_found(wire: Wire) -> None:
    status, said = await wire.ask(model="nobody")
    assert (status, said["error"]["type"]) == (404, "NotFoundError")
    assert "`nobody` does not exist" in said["error"]["message"]
    status, said = await wire.post("/v1/embeddings", {})
    assert (status, said["error"]["message"]) == (404, "Not Found")


async def test_adapters_are_loaded_and_unloaded_while_others_are_asked(wire: Wire) -> None:
    base = await wire.text()
    loaded = await wire.post("/v1/load_lora_adapter", {"lora_name": "a", "lora_path": "one"})
    assert loaded == (200, "Success: LoRA adapter 'a' added successfully.")
    adapted = await wire.text(model="a")
    assert adapted != base == await wire.text()
    names = (await wire.get("/v1/models"))[1]
    assert '"id":"a"' in names
    assert '"parent":"base"' in names
    assert (await wire.post("/v1/unload_lora_adapter", {"lora_name": "a"}))[0] == 200
    assert (await wire.ask(model="a"))[0] == 404
    assert (await wire.post("/v1/unload_lora_adapter", {"lora_name": "a"}))[0] == 404


async def test_an_adapter_loaded_in_place_answers_from_its_new_weights_alone(wire: Wire) -> None:
    load = {"lora_name": "a", "lora_path": "one"}
    await wire.post("/v1/load_lora_adapter", load)
    old = await wire.text(model="a")
    status, said = await wire.post("/v1/load_lora_adapter", load)
    assert (status, "has already been loaded" in said["error"]["message"]) == (400, True)
    new = {"lora_name": "a", "lora_path": "two", "load_inplace": True}
    assert (await wire.post("/v1/load_lora_adapter", new))[0] == 200
    _, said = await wire.ask(model="a")
    assert said["choices"][0]["message"]["content"] != old
    assert said["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lora_name": "a", "lora_path": "missing"}, 404),
        ({"lora_name": "a", "lora_path": "broken"}, 400),
        ({"lora_name": "a"}, 400),
        ({"lora_name": "base", "lora_path": "one"}, 400),
        ({"lora_name": "a", "lora_path": "one", "rank": 3}, 400),
    ],
)
async def test_an_adapter_that_cannot_be_loaded_is_refused(
    wire: Wire, body: dict[str, Any], status: int
) -> None:
    assert (await wire.post("/v1/load_lora_adapter", body))[0] == status


async def test_health_and_metrics_say_how_things_are(wire: Wire) -> None:
    assert (await wire.get("/health"))[0] == 200
    await wire.text()
    _, said = await wire.get("/metrics")
    assert 'vllm:generation_tokens_total{model_name="base"} 6\n' in said
    assert 'vllm:num_requests_running{model_name="base"} 0\n' in said
    wire.service.scheduler.stop()
    status, said = await wire.ask()
    assert (status, said["error"]["message"]) == (503, "the local engine is ending")


async def test_a_client_that_leaves_takes_its_request_with_it(wire: Wire, bench: Any) -> None:
    bench.model.context = 10**9

    async def running(count: int) -> None:
        wanted = f'vllm:num_requests_running{{model_name="base"}} {count}\n'
        while wanted not in (await wire.get("/metrics"))[1]:
            pass

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: wire.ask(max_tokens=10**8))
            await running(1)
            tasks.cancel_scope.cancel()
        await running(0)
    assert bench.scheduler.counts.abandoned == 1
    assert await wire.text()


async def test_a_failing_step_is_an_error_of_the_server(wire: Wire, bench: Any) -> None:
    bench.model.fails = lambda _: True
    status, said = await wire.ask()
    assert (status, said["error"]["message"]) == (500, "RuntimeError: out of memory")


async def test_a_port_in_use_is_said_before_anything_is_loaded() -> None:
    with listening_socket(0) as held:
        held.listen()
        with pytest.raises(ServerError, match="name another with --port"):
            listening_socket(held.getsockname()[1])
