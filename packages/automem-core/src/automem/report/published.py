"""The paper's figures, and which of them belongs beside which row of a final table."""

from __future__ import annotations

from importlib.resources import files

import msgspec

from automem.loops.final import FinalRow
from automem.loops.pipeline import FinalTable
from automem.records._struct import Record


class PublishedGame(Record):
    """One game's figures; a mean, and its standard error where the paper gives it."""

    first: tuple[float, ...]
    evolved: tuple[float, ...]
    trained: tuple[float, ...]
    window: tuple[float, ...]
    thinking: tuple[float, ...]
    """The window of observations with chain of thought."""
    writes_per_search: tuple[float, float]
    """Before and after training."""


class Published(Record):
    """The whole file."""

    growth: tuple[float, float]
    """Characters of memory a step, before and after."""
    games: dict[str, PublishedGame]


def published() -> Published:
    """The figures that come with this package."""
    text = files("automem.report").joinpath("published.toml").read_bytes()
    return msgspec.toml.decode(text, type=Published)


def champion(table: FinalTable, loop: str) -> FinalRow | None:
    """The row of a loop's best version; None where it kept nothing."""
    key = next((done.champion_key for done in table.loops if done.name == loop), "")
    if not key:
        return None
    for row in table.rows:
        if key == (row.adapter or (row.hash if row.kind == "scaffold" else "")):
            return row
    return None


def beside(table: FinalTable, row: FinalRow) -> tuple[float, ...]:
    """Mean and error that the paper gives for this kind of version; empty where it gives none."""
    game = published().games.get(table.environment)
    if game is None:
        return ()
    if row.kind == "baseline":
        return game.thinking if "chain of thought" in row.name else game.window
    if row == table.rows[0]:
        return game.first
    if row == champion(table, "train"):
        return game.trained
    return game.evolved if row == champion(table, "evolve") else ()
