"""The fake SGLang: what it answers, and the traps it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automem.testing.adapters import write_adapter
from automem.testing.sglang import fake_sglang

pytestmark = pytest.mark.anyio

PROMPT = "Say something about the weather. " * 20


def body(model: str = "base", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": PROMPT}], **more}


async def test_a_bare_name_runs_the_base_and_a_built_one_the_adapter(
    ask: Any, tmp_path: Path
) -> None:
    async with fake_sglang(adapters={"memory": write_adapter(tmp_path)}) as server:
        texts: dict[str, str] = {}
        for model in ("base", "memory", "anything", "base:memory"):
            _, said = await ask(f"{server.url}/chat/completions", body(model))
            texts[model] = said["choices"][0]["message"]["content"]
        _, said = await ask(f"{server.url}/chat/completions", body(lora_path="memory"))
        by_field = said["choices"][0]["message"]["content"]
        _, listed = await ask(f"{server.url}/models")
    assert texts["base"] == texts["memory"] == texts["anything"]
    assert texts["base:memory"] == by_field != texts["base"]
    assert [each["id"] for each in listed["data"]] == ["base", "memory"]


async def test_adapters_are_loaded_at_the_root(ask: Any, tmp_path: Path) -> None:
    load = {"lora_name": "new", "lora_path": str(write_adapter(tmp_path))}
    async with fake_sglang() as server:
        assert (await ask(f"{server.url}/load_lora_adapter", load))[0] == 404
        first = await ask(f"{server.root}/load_lora_adapter", load)
        again = await ask(f"{server.root}/load_lora_adapter", load)
        assert (await ask(f"{server.url}/chat/completions", body("base:new")))[0] == 200
        gone = await ask(f"{server.root}/unload_lora_adapter", {"lora_name": "new"})
        missing = await ask(f"{server.root}/unload_lora_adapter", {"lora_name": "new"})
        nameless = await ask(f"{server.root}/load_lora_adapter", {})
        unloaded = await ask(f"{server.url}/chat/completions", body("base:new"))
    assert first == (
        200,
        {"success": True, "error_message": "", "loaded_adapters": {"new": str(tmp_path)}},
    )
    assert (again[0], again[1]["success"]) == (400, False)
    assert "already exists" in again[1]["error_message"]
    assert gone[1]["loaded_adapters"] == {}
    assert missing[0] == nameless[0] == unloaded[0] == 400
    assert "are not loaded: new" in unloaded[1]["message"]


async def test_an_adapter_that_was_unloaded_and_loaded_anew_is_another_to_the_cache(
    ask: Any, tmp_path: Path
) -> None:
    path = write_adapter(tmp_path, weights=b"old")
    load = {"lora_name": "memory", "lora_path": str(path)}
    async with fake_sglang(answer=lambda _, adapter: str(adapter)) as server:
        texts: list[str] = []
        for weights in (b"old", b"new"):
            write_adapter(tmp_path, weights=weights)
            await ask(f"{server.root}/load_lora_adapter", load)
            _, said = await ask(f"{server.url}/chat/completions", body("base:memory"))
            texts.append(said["choices"][0]["message"]["content"])
            await ask(f"{server.root}/unload_lora_adapter", {"lora_name": "memory"})
    assert texts[0] != texts[1]


async def test_it_refuses_adapters_where_it_was_not_started_for_them(ask: Any) -> None:
    async with fake_sglang() as server:
        server.lora = False
        chat = await ask(f"{server.url}/chat/completions", body("base:memory"))
        load = await ask(f"{server.root}/load_lora_adapter", {"lora_name": "a", "lora_path": "b"})
    assert chat[0] == load[0] == 400
    assert "not enabled" in chat[1]["message"]
    assert "not enabled" in load[1]["error_message"]


async def test_an_adapter_of_too_high_a_rank_is_refused(ask: Any, tmp_path: Path) -> None:
    path = write_adapter(tmp_path, rank=64)
    async with fake_sglang(most_rank=32) as server:
        load = {"lora_name": "a", "lora_path": str(path)}
        status, told = await ask(f"{server.root}/load_lora_adapter", load)
    assert status == 400
    assert "rank 64" in told["error_message"]
    with pytest.raises(ValueError, match="rank 64"):
        async with fake_sglang(most_rank=32, adapters={"a": path}):
            pass


@pytest.mark.parametrize(
    ("more", "text", "matched"),
    [
        ({"stop": ["<|DONE|>"]}, "note", "<|DONE|>"),
        ({"stop": ["<|DONE|>"], "no_stop_trim": True}, "note<|DONE|>", "<|DONE|>"),
        ({}, "note<|DONE|>", 151645),
        ({"max_tokens": 1}, "note", None),
    ],
)
async def test_an_answer_says_what_it_ended_with(
    ask: Any, more: dict[str, Any], text: str, matched: Any
) -> None:
    async with fake_sglang(answer=lambda _body, _adapter: "note<|DONE|>") as server:
        _, said = await ask(f"{server.url}/chat/completions", body(**more))
    assert said["choices"][0]["message"]["content"] == text
    assert said["choices"][0]["matched_stop"] == matched


async def test_what_it_cannot_answer_is_told_in_its_own_form(ask: Any) -> None:
    async with fake_sglang(context_tokens=100) as server:
        chat = f"{server.url}/chat/completions"
        long = await ask(chat, body())
        server.context_tokens = 200
        total = await ask(chat, body(max_tokens=100))
        server.has_chat_template = False
        template = await ask(chat, body())
        bad = await ask(chat, b"")
    assert long[0] == total[0] == template[0] == bad[0] == 400
    assert long[1]["object"] == "error"
    assert "longer than the model's context length (100 tokens)" in long[1]["message"]
    assert "maximum context length of 200 tokens" in total[1]["message"]
    assert "chat_template" in template[1]["message"]


async def test_the_key_guards_all_but_health_and_metrics(ask: Any) -> None:
    async with fake_sglang(api_key="secret") as server:
        for path in ("v1/models", "model_info"):
            assert (await ask(f"{server.root}/{path}"))[0] == 401
            allowed = await ask(f"{server.root}/{path}", authorization="Bearer secret")
            assert allowed[0] == 200
        assert (await ask(f"{server.root}/health"))[0] == 200
        assert (await ask(f"{server.root}/metrics"))[0] == 200


async def test_metrics_count_tokens_and_hits(ask: Any) -> None:
    async with fake_sglang(most_blocks=100) as server:
        for _ in range(2):
            await ask(f"{server.url}/chat/completions", body())
        _, text = await ask(f"{server.root}/metrics")
    lines = {line.partition("{")[0]: line.split()[-1] for line in text.splitlines()}
    assert lines["sglang:cached_tokens_total"] == "176.0"
    assert 0 < float(lines["sglang:cache_hit_rate"]) < 0.5
