"""What calls cost."""

from __future__ import annotations

import re

import pytest

from automem.errors import ConfigError
from automem.models.cost import FREE, Price, cost, price_of, price_table, require_price
from automem.records.config import LimitsSection
from automem.records.model import Usage

PRICE = Price(input=10.0, cached_input=1.0, output=50.0)


def test_cached_tokens_are_a_part_of_the_input_and_have_their_own_price() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=100_000)
    assert cost(usage, PRICE) == pytest.approx(6.0 + 0.4 + 5.0)


def test_a_server_that_reports_more_cached_than_input_tokens_gives_no_refund() -> None:
    assert cost(Usage(input_tokens=10, cached_tokens=20), PRICE) == pytest.approx(20e-6)


def test_tokens_written_to_the_cache_are_a_part_of_the_input_and_may_cost_more() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000)
    dearer = Price(input=10.0, cached_input=1.0, output=50.0, cache_write=12.5)
    assert cost(usage, dearer, 200_000) == pytest.approx(4.0 + 0.4 + 2.5)
    assert cost(usage, PRICE, 200_000) == pytest.approx(6.0 + 0.4)
    assert cost(usage, dearer, 9_000_000) == pytest.approx(0.4 + 7.5)


def test_the_user_s_price_comes_before_the_table() -> None:
    assert price_of("gpt-5.4", (1.0, 0.5, 2.0)) == Price(input=1.0, cached_input=0.5, output=2.0)
    assert price_of(None, (0, 0, 0)) == FREE


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    known = price_of("claude-haiku-4-5", None)
    assert known is not None
    assert price_of("claude-haiku-4-5-20251001", None) == known
    assert price_of("gpt-5.4-2026-03-05", None) == price_of("gpt-5.4", None)


@pytest.mark.parametrize("model", [None, "Qwen/Qwen2.5-32B-Instruct", "gpt-5-imaginary"])
def test_no_price_is_guessed(model: str | None) -> None:
    assert price_of(model, None) is None


def test_the_table_is_dated_and_its_prices_are_plausible() -> None:
    providers = price_table().providers
    assert set(providers) == {"openai", "anthropic"}
    for provider in providers.values():
        assert re.fullmatch(r"20\d\d-\d\d", provider.date)
        assert provider.source
        for price in provider.models.values():
            assert 0 < price.cached_input < price.input < price.output


@pytest.mark.parametrize("name", ["run_cost", "episode_cost"])
def test_an_unknown_price_under_a_limit_on_money_refuses_to_start(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"limits\.{name} is set.*memory: x y.*price = \["):
        require_price("memory: x y", None, LimitsSection(**{name: 5.0}))


def test_a_known_price_or_no_limit_on_money_lets_it_start() -> None:
    require_price("memory: x y", FREE, LimitsSection(run_cost=5.0))
    require_price("memory: x y", None, LimitsSection(run_tokens=5))
