"""Limits end an episode with what it has, or stop the run so that it can go on."""

from __future__ import annotations

from typing import Any

import pytest

from automem.episode.limits import RunBudget
from automem.errors import ConfigError, LimitReached
from automem.records.config import (
    EvaluationSection,
    LimitsSection,
    RoleSection,
    SeedsSection,
)
from automem.testing.engine import fake_engine
from automem.testing.toy_player import toy_answer

pytestmark = pytest.mark.anyio


async def test_a_limit_of_the_episode_ends_it_with_what_it_has(toy: Any) -> None:
    async with fake_engine(toy_answer) as engine:
        for name, value in (("tokens", 4000), ("cost", 0.003), ("seconds", 1e-6)):
            limits = LimitsSection(**{f"episode_{name}": value})
            evaluation = await toy.evaluate(toy.config(engine.url, limits=limits))
            assert {episode.reason for episode in evaluation.episodes} == {f"limit: {name}"}
            assert evaluation.mean < 100.0


async def test_a_limit_of_the_run_stops_it_and_more_lets_it_go_on(toy: Any) -> None:
    async with fake_engine(toy_answer) as engine:
        for limits in (
            LimitsSection(run_tokens=9000),
            LimitsSection(run_cost=0.001),
            LimitsSection(run_seconds=0.0),
        ):
            with pytest.raises(LimitReached, match="nothing is lost"):
                await toy.evaluate(toy.config(engine.url, limits=limits))
        evaluation = await toy.evaluate(toy.config(engine.url))
    assert evaluation.mean == 100.0
    assert set(engine.received.values()) == {1}


async def test_a_limit_on_money_needs_a_price(toy: Any) -> None:
    role = RoleSection(
        backend="openai-compatible", model="toy", options={"base_url": "http://127.0.0.1:9/v1"}
    )
    config = toy.config(roles={"default": role}, limits=LimitsSection(run_cost=1.0))
    with pytest.raises(ConfigError, match="price"):
        await toy.evaluate(config)


async def test_what_finished_episodes_cost_stays_spent_when_the_run_goes_on(toy: Any) -> None:
    async with fake_engine(toy_answer) as engine:
        one = await toy.evaluate(toy.config(engine.url, seeds=SeedsSection(search=(1,))))
        used = one.totals.usage.input_tokens + one.totals.usage.output_tokens
        limits = LimitsSection(run_tokens=used + used // 2)
        config = toy.config(
            engine.url, limits=limits, evaluation=EvaluationSection(workers=1, episodes_at_once=1)
        )
        with pytest.raises(LimitReached):
            await toy.evaluate(config)
        asked = engine.received.total()
        with pytest.raises(LimitReached):
            await toy.evaluate(config)
    assert engine.received.total() == asked


def test_an_episode_that_is_played_from_its_recording_again_counts_once() -> None:
    budget = RunBudget.of(LimitsSection(run_tokens=100))
    for tokens in (40, 80, 40, 80, 90):
        budget.count("toy/default/1", 0, tokens, None)
    budget.count("toy/default/2", 0, 9, 0.5)
    assert (budget.tokens, budget.cost) == (99, 0.5)
    budget.check()
    budget.count("toy/default/1", 1, 1, None)
    with pytest.raises(LimitReached):
        budget.check()


async def test_an_episode_whose_turn_comes_after_the_limit_is_not_begun(toy: Any) -> None:
    config = toy.config(
        limits=LimitsSection(run_seconds=0.0),
        evaluation=EvaluationSection(workers=1, episodes_at_once=1),
    )
    with pytest.raises(LimitReached):
        await toy.evaluate(config)
    assert toy.episode(config, 1).trace.exists()
    assert not toy.episode(config, 2).trace.exists()
