"""The toy game played on the fakes of vLLM and SGLang: two roles, one engine or two."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
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
from automem.records.result import Evaluation
from automem.run.layout import run_folder
from automem.testing.adapters import write_adapter
from automem.testing.anthropic import fake_anthropic
from automem.testing.model_server import ModelServer
from automem.testing.sglang import fake_sglang
from automem.testing.toy import toy_entry_point
from automem.testing.toy_player import toy_answer
from automem.testing.vllm import fake_vllm

pytestmark = pytest.mark.anyio


def role(server: ModelServer, engine: str, adapter: str | None = None) -> RoleSection:
    options: dict[str, Any] = {"base_url": server.url, "engine": engine}
    return RoleSection(
        backend="openai-compatible", model="base", adapter=adapter, retries=0, options=options
    )


async def play(folder: Path, **roles: RoleSection) -> Evaluation:
    config = RunConfig(
        run=RunSection(name="toy", folder=str(folder)),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source="toy"),
        roles=roles,
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )
    found = metadata.entry_points(group="automem")
    return await evaluate(
        config,
        load_plugins(entry_points=[*found, toy_entry_point()]),
        run_folder(config.run.folder, config.run.name),
        progress=Progress(),
    )


async def test_base_and_adapter_of_one_vllm_play_both_roles(tmp_path: Path) -> None:
    adapters = {"memory": write_adapter(tmp_path / "memory")}
    async with fake_vllm(adapters=adapters) as server:
        played = await play(
            tmp_path, default=role(server, "vllm"), memory=role(server, "vllm", "memory")
        )
        assert played.mean == 100.0
        assert server.answered["base"] > 0 < server.answered["memory"]
        assert played.totals.usage.input_tokens == server.usage["prompt"]
        assert played.totals.usage.cached_tokens == server.usage["cached"] > 0


async def test_base_and_adapter_of_one_sglang_play_both_roles(tmp_path: Path) -> None:
    adapters = {"memory": write_adapter(tmp_path / "memory")}
    async with fake_sglang(adapters=adapters) as server:
        played = await play(
            tmp_path, default=role(server, "sglang"), memory=role(server, "sglang", "memory")
        )
        assert played.mean == 100.0
        assert server.answered["base"] > 0 < server.answered["base:memory"]


async def test_the_roles_may_be_on_two_engines(tmp_path: Path) -> None:
    adapters = {"memory": write_adapter(tmp_path / "memory")}
    async with fake_vllm() as one, fake_sglang(adapters=adapters) as two:
        played = await play(
            tmp_path, gameplay=role(one, "vllm"), memory=role(two, "sglang", "memory")
        )
        assert played.mean == 100.0
        assert set(one.answered) == {"base"}
        assert set(two.answered) == {"base:memory"}


async def test_memory_on_an_adapter_and_play_on_the_messages_api_have_their_own_prices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_KEY", "sk-fake")
    adapters = {"memory": write_adapter(tmp_path / "memory")}
    async with fake_vllm(adapters=adapters) as engine, fake_anthropic(toy_answer) as api:
        options = {"base_url": api.root, "api_key_env": "FAKE_KEY"}
        plays = RoleSection(backend="anthropic", model="claude-haiku-4-5", options=options)
        keeps = msgspec.structs.replace(role(engine, "vllm", "memory"), price=(0.0, 0.0, 0.0))
        played = await play(tmp_path, memory=keeps, gameplay=plays)
        assert played.mean == 100.0
        assert set(engine.answered) == {"memory"}
        by_role = played.totals.roles
        assert by_role["memory"].input_tokens == engine.usage["prompt"]
        gameplay = by_role["gameplay"]
        uncached = gameplay.input_tokens - gameplay.cached_tokens
        assert len(api.calls) == played.totals.steps
        least = (uncached * 1.0 + gameplay.cached_tokens * 0.1 + gameplay.output_tokens * 5.0) / 1e6
        assert played.totals.cost is not None
        assert least < played.totals.cost < 1.25 * least


async def test_conversations_only_grow_and_begin_alike(tmp_path: Path) -> None:
    adapters = {"memory": write_adapter(tmp_path / "memory")}
    async with fake_vllm(adapters=adapters) as server:
        await play(tmp_path, default=role(server, "vllm"), memory=role(server, "vllm", "memory"))
        talks = [(call.identity, call.body["messages"]) for call in server.calls]
    began: dict[str, list[list[dict[str, str]]]] = {}
    grown = 0
    for identity, messages in talks:
        earlier = began.setdefault(identity.rpartition("/")[0], [])
        assert messages[0] == talks[0][1][0]
        assert messages[0]["role"] == "system"
        if len(messages) > 2:
            assert messages[:-2] in earlier
            grown += 1
        earlier.append(messages)
    assert grown > 0
