"""How long conversations get: as measured in the run's episodes, or at worst."""

from __future__ import annotations

import os

from automem.models.roles import resolve_roles
from automem.run.layout import run_folder
from automem_backends.capacity.conversations import LATEST, Length, lengths

from .conftest import Planning

WINDOW = ("agent.name=window", "agent.history=4")


def known(planning: Planning, *overrides: str) -> dict[str, Length]:
    config = planning.config(*overrides)
    run = run_folder(config.run.folder, config.run.name)
    return dict(lengths(config, resolve_roles(config.roles), planning.plugins, run))


def test_the_largest_prompt_of_each_role_and_an_answer_count(planning: Planning) -> None:
    planning.play(1, [("memory", 900), ("gameplay", 2000), ("memory", 1500)])
    planning.play(2, [("gameplay", 1200)])
    found = known(planning)
    assert found["memory"].tokens == 1500 + 1024
    assert found["gameplay"].tokens == 2000 + 1024
    assert found["gameplay"].measured
    assert found["gameplay"].source == (
        "largest prompt measured in the last 2 episodes of the run, and an answer of 1,024"
    )


def test_only_the_latest_episodes_are_looked_at(planning: Planning) -> None:
    for seed in range(LATEST + 1):
        trace = planning.play(seed, [("gameplay", 9000 if seed == 0 else 100)])
        os.utime(trace, (seed, seed))
    assert known(planning)["gameplay"].tokens == 100 + 1024


def test_a_damaged_trace_is_passed_over(planning: Planning) -> None:
    planning.play(1, [("gameplay", 300)])
    planning.play(2, [("gameplay", 400)]).write_bytes(b"no trace\n")
    found = known(planning)["gameplay"]
    assert found.tokens == 300 + 1024
    assert "the last episode of the run" in found.source


def test_without_episodes_the_limits_of_the_scaffold_decide(planning: Planning) -> None:
    found = known(planning)
    assert not found["gameplay"].measured
    assert found["gameplay"].source == "the most that the scaffold's limits allow"
    # Ten turns with answers of 1,024 tokens are the least of it.
    assert found["gameplay"].tokens > 10 * 1024
    longer = known(planning, "roles.default.max_tokens=2048")
    assert longer["gameplay"].tokens == found["gameplay"].tokens + 10 * 1024


def test_two_models_talk_longer_as_one_hands_over_to_the_other(planning: Planning) -> None:
    alone = known(planning)
    both = known(planning, "roles.memory.model=Qwen/Qwen2.5-3B-Instruct")
    assert both["gameplay"].tokens > 1.5 * alone["gameplay"].tokens
    assert both["memory"].tokens >= alone["memory"].tokens


def test_calls_of_which_no_tokens_are_known_measure_nothing(planning: Planning) -> None:
    planning.play(1, [("gameplay", 0)])
    assert not known(planning)["gameplay"].measured


def test_the_baseline_shows_its_history(planning: Planning) -> None:
    found = known(planning, *WINDOW)["gameplay"]
    assert found.source == "the most that the agent's history allows"
    more = known(planning, *WINDOW, "agent.history=5")["gameplay"]
    assert more.tokens - found.tokens > 1024
