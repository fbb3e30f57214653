"""What AutoMem relies on in an engine: held against the fake, the local engine and a real vLLM."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from automem.records.config import RoleSection
from automem.records.model import Sampling

from .engines import Served, run_local, together
from .toy import play_toy

pytestmark = pytest.mark.anyio

PROMPTS = [
    "you see a wall to the north and a door to the east",
    "search map for water",
    "the cow is to the west of the tree",
    "note: iron needs a stone pickaxe and a table nearby",
    "health food drink energy",
    "plan: sleep in a shelter until the night is over",
    "a",
    "the skeleton and the zombie " * 8,
]
LONG = "you see grass to the north and a tree to the south of the table. " * 12


async def test_base_and_adapters_are_answered_by_one_server(engine: Served) -> None:
    names = [model["id"] for model in json.loads(await engine.get("/v1/models"))["data"]]
    assert {engine.base, engine.a, engine.b} <= set(names)
    models = (engine.base, engine.a, engine.b)
    alone = [(await engine.ask(model, PROMPTS[0])).text for model in models]
    assert len(set(alone)) == 3
    mixed = await together(*[engine.ask(model, PROMPTS[0]) for model in models * 3])
    assert [reply.text for reply in mixed] == alone * 3


async def test_an_adapter_is_loaded_and_unloaded_at_run_time(engine: Served) -> None:
    expected = (await engine.ask(engine.a, PROMPTS[1])).text
    assert (await engine.load("further", engine.materials.a)).status == 200
    assert (await engine.ask("further", PROMPTS[1])).text == expected
    assert (await engine.load("further", engine.materials.a)).status == 400
    assert (await engine.unload("further")).status == 200
    assert (await engine.ask("further", PROMPTS[1])).status == 404
    assert (await engine.unload("further")).status == 404


async def test_an_adapter_that_is_not_there_is_refused(engine: Served, tmp_path: Path) -> None:
    refused = await engine.load("nothing", tmp_path / "nothing")
    assert (refused.status, "No adapter found" in refused.words) == (404, True)


async def test_an_unknown_model_is_not_found(engine: Served) -> None:
    refused = await engine.ask("nobody", PROMPTS[0])
    assert (refused.status, "`nobody` does not exist" in refused.words) == (404, True)


async def test_a_stop_string_ends_the_answer_and_stays_where_it_is_wanted(engine: Served) -> None:
    for model in (engine.base, engine.a):
        whole = (await engine.ask(model, PROMPTS[2], max_tokens=24)).text
        stop = next(
            whole[at : at + 3] for at in range(4, len(whole)) if whole[at : at + 3].isascii()
        )
        end = whole.index(stop)
        kept = await engine.ask(
            model, PROMPTS[2], max_tokens=24, stop=[stop], include_stop_str_in_output=True
        )
        cut = await engine.ask(model, PROMPTS[2], max_tokens=24, stop=[stop])
        assert kept.text == whole[: end + 3]
        assert cut.text == whole[:end]
        assert (kept.choice["finish_reason"], kept.choice["stop_reason"]) == ("stop", stop)


async def test_a_conversation_that_grows_hits_the_cache_of_its_own_role_alone(
    engine: Served,
) -> None:
    for model in (engine.base, engine.a):
        first = await engine.ask(model, LONG)
        # All prompts begin with the same few tokens; what the other role computed is of no use.
        assert first.cached_tokens < 32
        second = await engine.ask(model, LONG, first.text, "what next?")
        assert first.prompt_tokens - 32 <= second.cached_tokens < second.prompt_tokens
        engine.said.append(
            f"{engine.name}, {model}: {second.cached_tokens} of {second.prompt_tokens} tokens of "
            "the second turn were in the cache"
        )


async def test_the_prefix_cache_shows_in_the_metrics(engine: Served) -> None:
    said = await engine.get("/metrics")
    found = {
        line.split("{")[0].removeprefix("vllm:"): float(line.split()[-1])
        for line in said.splitlines()
        if line.startswith("vllm:prefix_cache") and "created" not in line
    }
    assert found["prefix_cache_queries_total"] > found["prefix_cache_hits_total"] > 0


async def test_new_weights_under_an_old_name_and_path_are_a_trap(
    engine: Served, tmp_path: Path
) -> None:
    swapped = tmp_path / "swapped"
    shutil.copytree(engine.materials.a, swapped)
    await engine.load("swapped", swapped)
    prompt = f"trap: {LONG}"
    await engine.ask("swapped", prompt)
    shutil.copytree(engine.materials.b, swapped, dirs_exist_ok=True)
    await engine.unload("swapped")
    await engine.load("swapped", swapped)
    again = await engine.ask("swapped", prompt)
    # The local engine has no such trap; the others go on from what the old weights computed.
    assert (again.cached_tokens == 0) == (engine.name == "local")
    # Under a path of its own, each version answers as it should; that is what AutoMem does.
    version = tmp_path / "version-2"
    shutil.copytree(engine.materials.b, version)
    await engine.load("version-2", version)
    fresh = await engine.ask("version-2", prompt)
    assert fresh.cached_tokens == 0
    assert fresh.text == (await engine.ask(engine.b, prompt)).text
    if engine.name == "local":
        assert again.text == fresh.text
    for name in ("swapped", "version-2"):
        await engine.unload(name)


async def test_a_conversation_beyond_the_context_is_refused_in_known_words(engine: Served) -> None:
    refused = await engine.ask(engine.base, "the door is to the east " * 1000)
    assert refused.status == 400
    assert "maximum context length is 2048 tokens" in refused.words


async def test_log_probabilities_are_given(engine: Served) -> None:
    reply = await engine.ask(engine.a, PROMPTS[3], logprobs=True, top_logprobs=1)
    listed = reply.choice["logprobs"]["content"]
    assert len(listed) == reply.said["usage"]["completion_tokens"]
    assert all(entry["logprob"] <= 0.0 for entry in listed)


async def test_greedy_tokens_are_those_of_transformers_and_peft(
    engine: Served, tmp_path: Path
) -> None:
    """The fake has no weights: its answers are only the same whether it is asked alone or not."""
    models = {"base": engine.base, "a": engine.a, "b": engine.b}
    if engine.name == "fake":
        expected = {
            name: [(await engine.ask(model, prompt)).text for prompt in PROMPTS]
            for name, model in models.items()
        }
    else:
        prompts = tmp_path / "prompts.json"
        prompts.write_text(json.dumps(PROMPTS), encoding="utf-8")
        materials = engine.materials
        adapters = (f"a={materials.a}", f"b={materials.b}")
        expected = json.loads(
            run_local("reference.py", materials.model, str(prompts), "32", *adapters)
        )
    asked = [(name, at) for at in range(len(PROMPTS)) for name in models]
    replies = await together(
        *[engine.ask(models[name], PROMPTS[at], max_tokens=32) for name, at in asked]
    )
    found = {name: [""] * len(PROMPTS) for name in models}
    for (name, at), reply in zip(asked, replies, strict=True):
        found[name][at] = reply.text
    # Half a character at the end of an answer is shown by some, and left out by others.
    whole = {name: [text.rstrip("\ufffd") for text in texts] for name, texts in found.items()}
    assert whole == {
        name: [text.rstrip("\ufffd") for text in texts] for name, texts in expected.items()
    }
    engine.said.append(f"{engine.name}: {len(asked)} answers have the tokens they should")


async def test_the_toy_game_is_played_to_its_end(engine: Served, tmp_path: Path) -> None:
    role = RoleSection(
        backend="local" if engine.name == "local" else "vllm",
        model=engine.materials.model,
        sampling=Sampling(temperature=1.0, max_tokens=16),
        options={"base_url": list(engine.engine.urls)},
    )
    played = await play_toy(tmp_path, role, str(engine.materials.a))
    assert played.totals.usage.cached_tokens > 0
    assert played.totals.usage.output_tokens > 0
    assert played.totals.steps == 8
