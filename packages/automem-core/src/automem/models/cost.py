"""What calls cost: a dated price table, the user's own prices, and no guess beyond them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Protocol, runtime_checkable

import msgspec

from automem.errors import ConfigError
from automem.records._struct import Record
from automem.records.config import LimitsSection
from automem.records.model import Usage

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


class Price(Record):
    """US dollars per million tokens."""

    input: float
    """Prompt tokens that were not in the cache."""
    cached_input: float
    output: float
    cache_write: float | None = None
    """Prompt tokens written into the cache; None where they cost what others do."""


FREE = Price(input=0.0, cached_input=0.0, output=0.0)
"""What an embedded player, or an engine of one's own, costs."""


class ProviderPrices(Record):
    """One provider's part of the table."""

    source: str
    """Title of the page the prices stand on."""
    date: str
    """When they were valid, `2026-10`."""
    models: dict[str, Price]


class PriceTable(Record):
    """The content of `prices.toml`."""

    providers: dict[str, ProviderPrices]


@runtime_checkable
class Priced(Protocol):
    """A backend that knows its own price, such as an embedded one; it then needs no table."""

    price: Price


def price_table() -> PriceTable:
    """The table that comes with this package."""
    text = files("automem.models").joinpath("prices.toml").read_bytes()
    return msgspec.toml.decode(text, type=PriceTable)


def price_of(model: str | None, override: tuple[float, float, float] | None) -> Price | None:
    """The price of a model; None where nobody said one.

    `override` is the configuration's own (input, cached input, output) and comes first. In the
    table a name matches as it is, or without the date of its snapshot.
    """
    if override is not None:
        return Price(input=override[0], cached_input=override[1], output=override[2])
    if model is None:
        return None
    table = price_table()
    for name in (model, _SNAPSHOT.sub("", model)):
        for provider in table.providers.values():
            if name in provider.models:
                return provider.models[name]
    return None


def cost(usage: Usage, price: Price, cache_written_tokens: int = 0) -> float:
    """US dollars of `usage`; what the cache gave, and what it was given, is a part of the input."""
    uncached = max(0, usage.input_tokens - usage.cached_tokens)
    written = min(uncached, cache_written_tokens)
    dollars = (
        (uncached - written) * price.input
        + written * (price.input if price.cache_write is None else price.cache_write)
        + usage.cached_tokens * price.cached_input
        + usage.output_tokens * price.output
    )
    return dollars / 1_000_000


def require_price(described: str, price: Price | None, limits: LimitsSection) -> None:
    """Refuse to start under a limit on money that could not be watched. Raises ConfigError.

    `described` is who would be asked, as `memory: openai-compatible my-model`.
    """
    limited = [name for name in ("episode_cost", "run_cost") if getattr(limits, name) is not None]
    if price is None and limited:
        raise ConfigError(
            f"limits.{limited[0]} is set, but the price of {described} is not known; "
            "set `price = [input, cached input, output]` in US dollars per million tokens in its "
            "[roles] section ([0, 0, 0] for an engine of your own), or remove the limit"
        )
