"""What makes two evaluations the same, and what makes them two."""

from __future__ import annotations

from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem import BackendSpec, hookimpl
from automem.evaluate.plan import plan_evaluation
from automem.plugins import load_plugins
from automem.records.config import (
    AgentSection,
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    RoleSection,
    RunConfig,
    SeedsSection,
)
from automem.records.model import Sampling
from automem.testing.adapters import write_adapter
from automem.testing.toy import toy_entry_point

URL = "http://127.0.0.1:1/v1"


def key(toy: Any, config: RunConfig) -> str:
    return plan_evaluation(config, toy.plugins, None).key


def with_role(config: RunConfig, **changes: Any) -> RunConfig:
    role: RoleSection = msgspec.structs.replace(config.roles["default"], **changes)
    return msgspec.structs.replace(config, roles={"default": role})


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"base_url": "http://127.0.0.1:2/v1"}},
        {"options": {"base_url": URL, "attempt_seconds": 5.0}},
        {"concurrency": 3},
        {"timeout_seconds": 9.0},
        {"retries": 0},
        {"price": (9.0, 9.0, 9.0)},
    ],
    ids=str,
)
def test_how_a_model_is_reached_is_no_part_of_an_evaluation(
    toy: Any, changes: dict[str, Any]
) -> None:
    config = toy.config(URL)
    assert key(toy, with_role(config, **changes)) == key(toy, config)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "another"},
        {"adapter": "one"},
        {"sampling": Sampling(temperature=0.5)},
        {"seeded": True},
        {"options": {"base_url": URL, "extra_body": {"top_k": 1}}},
    ],
    ids=str,
)
def test_what_a_model_is_asked_is_a_part_of_an_evaluation(
    toy: Any, changes: dict[str, Any]
) -> None:
    config = toy.config(URL)
    assert key(toy, with_role(config, **changes)) != key(toy, config)


class Point(EntryPoint):
    """An entry point of a plugin whose backend comes with a model."""

    def load(self) -> object:
        return WithModel()


class WithModel:
    @hookimpl
    def automem_backends(self) -> list[BackendSpec]:
        return [
            BackendSpec(
                name="own-model", make="x:y", engine="x:y", summary="", model="pathlib:Path.cwd"
            )
        ]


def test_the_model_that_a_backend_comes_with_counts_by_its_content(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    points = [*metadata.entry_points(group="automem"), toy_entry_point()]
    plugins = load_plugins(entry_points=[*points, Point("own", "own", "automem")])
    unnamed = with_role(toy.config(URL), backend="own-model", model=None, options={})

    def played() -> str:
        return plan_evaluation(unnamed, plugins, None).key

    (tmp_path / "model.safetensors").write_text("one", encoding="utf-8")
    before = played()
    assert played() == before
    (tmp_path / "model.safetensors").write_text("another", encoding="utf-8")
    assert played() != before


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": SeedsSection(search=(2, 1))},
        {"seeds": SeedsSection(search="1-2")},
        {"agent": AgentSection(history=3)},
        {"limits": LimitsSection(run_tokens=5)},
        {"evaluation": EvaluationSection(workers=2, episodes_at_once=1)},
    ],
    ids=str,
)
def test_the_order_of_seeds_and_what_nobody_reads_do_not_count(
    toy: Any, changes: dict[str, Any]
) -> None:
    assert key(toy, toy.config(**changes)) == key(toy, toy.config())


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": SeedsSection(search=(1, 3))},
        {"agent": AgentSection(name="window")},
        {"environment": EnvironmentSection(name="toy", tasks=("other",))},
        {"environment": EnvironmentSection(name="toy", tasks=("default",), max_steps=9)},
        {"environment": EnvironmentSection(name="toy", tasks=("default",), options={"rooms": 2})},
        {"limits": LimitsSection(episode_tokens=5)},
    ],
    ids=str,
)
def test_what_is_played_counts(toy: Any, changes: dict[str, Any]) -> None:
    assert key(toy, toy.config(**changes)) != key(toy, toy.config())


def test_a_price_counts_where_it_ends_episodes(toy: Any) -> None:
    config = toy.config(URL, limits=LimitsSection(episode_cost=1.0))
    assert key(toy, with_role(config, price=(9.0, 9.0, 9.0))) != key(toy, config)


def test_the_width_of_a_window_counts_for_the_agent_that_has_one(toy: Any) -> None:
    window = toy.config(agent=AgentSection(name="window"))
    wider = toy.config(agent=AgentSection(name="window", history=20))
    assert key(toy, window) != key(toy, wider)


def test_an_adapter_counts_by_what_its_folder_holds(toy: Any, tmp_path: Path) -> None:
    config = toy.config(URL)
    folders = [write_adapter(tmp_path / place / "memory") for place in ("here", "there")]
    here, there = (key(toy, with_role(config, adapter=str(folder))) for folder in folders)
    assert here == there
    write_adapter(folders[0], weights=b"trained anew")
    assert key(toy, with_role(config, adapter=str(folders[0]))) != here
