"""The final table: every version played once on the report seeds, when nothing is left to try."""

from __future__ import annotations

from collections.abc import Sequence

from automem.errors import AutoMemError, ConfigError
from automem.evaluate.statistics import Paired, paired
from automem.loops.judging import play_bare
from automem.loops.playing import Played, Player, Side
from automem.loops.versions import Version
from automem.records._struct import Record


class FinalRow(Record):
    """One version on the report seeds."""

    name: str
    hash: str
    revision: int
    """0 for what the run began with."""
    mean: float
    """Percent."""
    standard_error: float | None
    over_first: Paired | None = None
    """Against what the run began with, in points; None for that itself."""
    without_code: float | None = None
    """The mean without `perceive` and `guard`, where that was asked for."""
    code_is_needed: str = ""
    """Why there is no mean without them, where the code fails on its own."""
    evaluations: tuple[str, ...]


async def play_report(
    player: Player, versions: Sequence[Version], seeds: Sequence[int], *, memory_only: bool
) -> tuple[FinalRow, ...]:
    """Play each version on the report seeds, and compare it with the first.

    Raises ConfigError where there are no report seeds, and what playing raises.
    """
    if not seeds:
        raise ConfigError('[seeds] report is empty; name seeds, such as report = "10 from 5000"')
    rows: list[FinalRow] = []
    first: Played | None = None
    for version in versions:
        title = f"report seeds: {version.name}"
        side = Side(player.folder(version.hash))
        played = await player.play(side, seeds, title)
        bare: Played | AutoMemError | None = None
        if memory_only and player.keep(str(side.scaffold)).code is not None:
            bare = await play_bare(player, side, seeds, f"{title} without code")
        mean, error = played.mean
        rows.append(
            FinalRow(
                name=version.name,
                hash=version.hash,
                revision=version.revision,
                mean=mean,
                standard_error=error,
                over_first=None if first is None else _compared(first, played),
                without_code=bare.mean[0] if isinstance(bare, Played) else None,
                code_is_needed=str(bare) if isinstance(bare, AutoMemError) else "",
                evaluations=played.evaluations,
            )
        )
        first = first or played
    return tuple(rows)


def _compared(first: Played, played: Played) -> Paired:
    return paired(first.points, played.points, stratum=lambda pair: pair[0])
