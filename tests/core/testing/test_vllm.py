"""The fake vLLM: what it answers, and the traps it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import msgspec
import pytest

from automem.testing.adapters import write_adapter
from automem.testing.generation import default_answer
from automem.testing.model_server import ModelServer
from automem.testing.vllm import fake_vllm

pytestmark = pytest.mark.anyio

PROMPT = "Say something about the weather. " * 20


def body(model: str = "base", prompt: str = PROMPT, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **more}


async def said(ask: Any, server: ModelServer, *given: Any, **more: Any) -> str:
    status, completion = await ask(f"{server.url}/chat/completions", body(*given, **more))
    assert status == 200, completion
    return completion["choices"][0]["message"]["content"]


def by_weights(asked: Mapping[str, Any], adapter: str | None) -> str:
    return "base" if adapter is None else f"adapter {adapter[:8]}"


async def test_base_and_adapter_are_listed_and_answer_differently(ask: Any, tmp_path: Path) -> None:
    memory = write_adapter(tmp_path / "memory")
    async with fake_vllm(adapters={"memory": memory}) as server:
        status, listed = await ask(f"{server.url}/models")
        base, adapted = await said(ask, server, "base"), await said(ask, server, "memory")
        assert await said(ask, server, "base") == base
    assert status == 200
    assert [(each["id"], each["parent"]) for each in listed["data"]] == [
        ("base", None),
        ("memory", "base"),
    ]
    assert base != adapted


async def test_cached_tokens_are_counted_apart_for_base_adapter_and_salt(
    ask: Any, tmp_path: Path
) -> None:
    async with fake_vllm(adapters={"memory": write_adapter(tmp_path)}) as server:

        async def cached(*given: Any, **more: Any) -> int:
            _, completion = await ask(f"{server.url}/chat/completions", body(*given, **more))
            return completion["usage"]["prompt_tokens_details"]["cached_tokens"]

        assert [await cached(), await cached()] == [0, 176]
        assert [await cached("memory"), await cached("memory")] == [0, 176]
        assert [await cached(cache_salt="mine"), await cached(cache_salt="mine")] == [0, 176]


async def test_cached_tokens_are_told_only_where_asked_for_at_start(ask: Any) -> None:
    async with fake_vllm(reports_cached=False) as server:
        _, completion = await ask(f"{server.url}/chat/completions", body())
    assert completion["usage"]["prompt_tokens_details"] is None


@pytest.mark.parametrize(
    ("more", "text", "finish", "stop"),
    [
        ({"stop": ["<|DONE|>"]}, "note", "stop", "<|DONE|>"),
        ({"stop": ["<|DONE|>"], "include_stop_str_in_output": True}, "note<|DONE|>", "stop", 1),
        ({"stop": "|>", "include_stop_str_in_output": True}, "note<|DONE|>", "stop", "|>"),
        ({"max_tokens": 1}, "note", "length", None),
        ({"guided_choice": ["yes"]}, "note<|DONE|> and more", "stop", None),
    ],
)
async def test_an_answer_ends_as_asked_and_unknown_fields_are_ignored(
    ask: Any, more: dict[str, Any], text: str, finish: str, stop: Any
) -> None:
    async with fake_vllm(answer=lambda _body, _adapter: "note<|DONE|> and more") as server:
        _, completion = await ask(f"{server.url}/chat/completions", body(**more))
    choice = completion["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, finish)
    assert choice["stop_reason"] == ("<|DONE|>" if stop == 1 else stop)


async def test_log_probabilities_come_when_asked_for_and_tell_models_apart(
    ask: Any, tmp_path: Path
) -> None:
    adapters = {"memory": write_adapter(tmp_path)}
    async with fake_vllm(answer=lambda _body, _adapter: "the same", adapters=adapters) as server:
        values: list[list[float]] = []
        for model in ("base", "memory", "base"):
            _, completion = await ask(f"{server.url}/chat/completions", body(model, logprobs=True))
            tokens = completion["choices"][0]["logprobs"]["content"]
            assert "".join(token["token"] for token in tokens) == "the same"
            values.append([token["logprob"] for token in tokens])
    assert values[0] == values[2] != values[1]


async def test_an_adapter_is_loaded_and_unloaded_at_run_time(ask: Any, tmp_path: Path) -> None:
    async with fake_vllm() as server:
        load = {"lora_name": "new", "lora_path": str(write_adapter(tmp_path))}
        first = await ask(f"{server.url}/load_lora_adapter", load)
        again = await ask(f"{server.url}/load_lora_adapter", load)
        await said(ask, server, "new")
        gone = await ask(f"{server.url}/unload_lora_adapter", {"lora_name": "new"})
        missing = await ask(f"{server.url}/unload_lora_adapter", {"lora_name": "new"})
        unknown = await ask(f"{server.url}/chat/completions", body("new"))
        empty = await ask(f"{server.url}/load_lora_adapter", b"no JSON")
    assert first == (200, "Success: LoRA adapter 'new' added successfully.")
    assert (again[0], again[1]["error"]["type"]) == (400, "InvalidUserInput")
    assert "has already been loaded" in again[1]["error"]["message"]
    assert gone == (200, "Success: LoRA adapter 'new' removed successfully.")
    assert (missing[0], unknown[0], empty[0]) == (404, 404, 400)
    assert unknown[1]["error"] == {
        "message": "The model `new` does not exist.",
        "type": "NotFoundError",
        "param": "model",
        "code": 404,
    }


async def test_reloading_in_place_answers_stale_where_the_prompt_is_cached(
    ask: Any, tmp_path: Path
) -> None:
    path = write_adapter(tmp_path, weights=b"old")
    async with fake_vllm(answer=by_weights, adapters={"memory": path}) as server:
        old = await said(ask, server, "memory")
        write_adapter(tmp_path, weights=b"new")
        load = {"lora_name": "memory", "lora_path": str(path), "load_inplace": True}
        assert (await ask(f"{server.url}/load_lora_adapter", load))[0] == 200
        stale = await said(ask, server, "memory")
        fresh = await said(ask, server, "memory", "another prompt")
        salted = await said(ask, server, "memory", cache_salt="second version")
        other = write_adapter(tmp_path / "second", weights=b"new")
        load = {"lora_name": "memory-2", "lora_path": str(other)}
        assert (await ask(f"{server.url}/load_lora_adapter", load))[0] == 200
        own_path = await said(ask, server, "memory-2")
    assert stale == old
    assert fresh == salted == own_path != old


@pytest.mark.parametrize(
    ("config", "status", "words"),
    [
        ({"r": 64}, 400, "LoRA rank 64 is greater than max_lora_rank 16"),
        ({"use_dora": True}, 400, "DoRA"),
        ({"modules_to_save": ["lm_head"]}, 400, "modules_to_save"),
        ({"bias": "all"}, 400, "bias"),
        (None, 404, "No adapter found for"),
    ],
)
async def test_an_adapter_it_cannot_serve_is_refused(
    ask: Any, tmp_path: Path, config: dict[str, Any] | None, status: int, words: str
) -> None:
    path = tmp_path / "adapter"
    if config is not None:
        write_adapter(path)
        (path / "adapter_config.json").write_bytes(msgspec.json.encode(config))
    async with fake_vllm(most_rank=16) as server:
        load = {"lora_name": "new", "lora_path": str(path)}
        answered, told = await ask(f"{server.url}/load_lora_adapter", load)
        assert server.adapters == {}
    assert answered == status
    assert words in told["error"]["message"]


async def test_an_adapter_without_weights_is_refused_at_start(tmp_path: Path) -> None:
    (write_adapter(tmp_path) / "adapter_model.safetensors").unlink()
    with pytest.raises(ValueError, match="doesn't contain tensors"):
        async with fake_vllm(adapters={"memory": tmp_path}):
            pass


async def test_adapters_are_loaded_at_run_time_only_where_that_is_allowed(ask: Any) -> None:
    async with fake_vllm(loads_at_run_time=False) as server:
        assert (await ask(f"{server.url}/load_lora_adapter", {}))[0] == 404


async def test_the_key_guards_what_is_under_v1_alone(ask: Any) -> None:
    async with fake_vllm(api_key="secret") as server:
        assert await ask(f"{server.url}/models") == (401, {"error": "Unauthorized"})
        assert (await ask(f"{server.url}/models", authorization="Bearer secret"))[0] == 200
        for path in ("health", "metrics", "version"):
            assert (await ask(f"{server.root}/{path}"))[0] == 200


async def test_what_does_not_fit_the_context_is_refused_in_numbers(ask: Any) -> None:
    async with fake_vllm(context_tokens=200) as server:
        status, told = await ask(f"{server.url}/chat/completions", body(max_tokens=100))
        bad = await ask(f"{server.url}/chat/completions", b"[]")
        server.has_chat_template = False
        template = await ask(f"{server.url}/chat/completions", body(prompt="short"))
    assert status == bad[0] == template[0] == 400
    assert "maximum context length is 200 tokens" in told["error"]["message"]
    assert "chat template" in template[1]["error"]["message"]


async def test_metrics_count_tokens_calls_and_blocks(ask: Any) -> None:
    async with fake_vllm(most_blocks=100) as server:
        await said(ask, server)
        await said(ask, server)
        _, text = await ask(f"{server.root}/metrics")
    lines = {line.partition("{")[0]: line.split()[-1] for line in text.splitlines()}
    assert lines["vllm:prefix_cache_hits_total"] == "176.0"
    assert float(lines["vllm:prefix_cache_queries_total"]) == server.usage["prompt"]
    assert lines["vllm:num_requests_running"] == lines["vllm:num_requests_waiting"] == "0.0"
    assert 0 < float(lines["vllm:kv_cache_usage_perc"]) < 1


async def test_no_more_calls_run_than_it_was_started_for(ask: Any) -> None:
    raw = msgspec.json.encode(body())
    head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(raw)}\r\n\r\n"
    streams: list[anyio.abc.SocketStream] = []
    async with fake_vllm(delay_seconds=60.0) as server:
        server.most_running = 2
        for _ in range(4):
            stream = await anyio.connect_tcp("127.0.0.1", server.port)
            await stream.send(head.encode() + raw)
            streams.append(stream)
        while server.received.total() < 4:
            await anyio.wait_all_tasks_blocked()
        _, text = await ask(f"{server.root}/metrics")
        assert 'num_requests_running{engine="0",model_name="base"} 2.0' in text
        assert 'num_requests_waiting{engine="0",model_name="base"} 2.0' in text
        server.delay_seconds = 0.0
        await streams[2].aclose()
        while len(server.connections) > 3:
            await anyio.wait_all_tasks_blocked()
        await streams[0].aclose()
        assert b"200 OK" in await streams[3].receive()
        for stream in streams:
            await stream.aclose()
        while server.connections:
            await anyio.wait_all_tasks_blocked()
        assert server.running == 0
        assert server.answered.total() == 1


async def test_health_says_when_the_start_is_over(ask: Any) -> None:
    async with fake_vllm() as server:
        server.healthy_at = float("inf")
        assert (await ask(f"{server.root}/health"))[0] == 503
        server.healthy_at = 0.0
        assert (await ask(f"{server.root}/health"))[0] == 200
        assert (await ask(f"{server.root}/nowhere"))[0] == 404


def test_the_usual_answers_play_any_scaffold_by_its_own_rules() -> None:
    asked = {"messages": [{"role": "user", "content": "Commit by <|ACTION|>name<|END|>."}]}
    assert default_answer(asked, None).startswith("<|ACTION|>")
