"""The final table: every version played once on the report seeds, when nothing is left to try."""

from __future__ import annotations

from collections.abc import Sequence

from automem.errors import AutoMemError, ConfigError
from automem.evaluate.behaviour.measures import behaviour_summary
from automem.evaluate.statistics import Paired, paired
from automem.loops.contestants import Contestant, RowKind, scaffolds
from automem.loops.judging import play_bare
from automem.loops.playing import Played, Player
from automem.loops.versions import Version
from automem.records._struct import Record
from automem.records.behaviour import Measure
from automem.records.ledger import PlayCost


class FinalRow(Record):
    """One version on the report seeds."""

    name: str
    kind: RowKind = "scaffold"
    hash: str
    """Content hash of the scaffold; empty for a baseline."""
    adapter: str = ""
    """Key of a specialist's adapter."""
    revision: int
    """0 for what the run began with; of a specialist, the number of its recipe."""
    change: str = ""
    """What makes it another than its parent, in one line."""
    mean: float
    """Percent."""
    standard_error: float | None
    over_first: Paired | None = None
    """Against what the run began with, in points; None for that itself."""
    parent: str = ""
    """Name of the row with the same scaffold, whole and played by one model."""
    over_parent: Paired | None = None
    """Against that row: what the specialist brings, or what leaving out the code takes."""
    without_code: float | None = None
    """The mean without `perceive` and `guard`, where that was asked for."""
    code_is_needed: str = ""
    """Why there is no mean without them, where the code fails on its own."""
    measures: tuple[Measure, ...] = ()
    """Of how memory was used; empty where an episode has no counts."""
    cost: PlayCost = PlayCost()
    evaluations: tuple[str, ...]


async def play_final(
    player: Player, rows: Sequence[Contestant], seeds: Sequence[int]
) -> tuple[FinalRow, ...]:
    """Play each contestant on the report seeds, one after the other; what is there is read.

    One whose code cannot be left out has no row; its parent's row says why. Those without an
    adapter come first, so that no engine is started twice. Raises ConfigError where there are no
    report seeds, and what playing raises.
    """
    if not seeds:
        raise ConfigError('[seeds] report is empty; name seeds, such as report = "10 from 5000"')
    found: dict[int, Played | AutoMemError] = {}
    order = sorted(range(len(rows)), key=lambda place: rows[place].side.adapter is not None)
    for number, place in enumerate(order, start=1):
        one = rows[place]
        title = f"report seeds, {number} of {len(rows)}: {one.name}"
        if one.kind == "memory_only":
            found[place] = await play_bare(player, one.side, seeds, title)
        else:
            found[place] = await player.play(one.side, seeds, title)
    return tuple(_rows(rows, found))


async def play_report(
    player: Player, versions: Sequence[Version], seeds: Sequence[int], *, memory_only: bool
) -> tuple[FinalRow, ...]:
    """The scaffolds alone, each with its mean without code in its own row.

    Raises what `play_final` raises.
    """
    rows = list(scaffolds(versions, (), player.folder, memory_only=memory_only))
    played = await play_final(player, rows, seeds)
    return tuple([row for row in played if row.kind == "scaffold"])


def _rows(rows: Sequence[Contestant], found: dict[int, Played | AutoMemError]) -> list[FinalRow]:
    table: list[FinalRow] = []
    first: Played | None = None
    for place, one in enumerate(rows):
        played = found[place]
        if not isinstance(played, Played):
            continue
        mean, error = played.mean
        bare = _without_code(rows, found, place)
        parent = None if one.parent is None else found[one.parent]
        table.append(
            FinalRow(
                name=one.name,
                kind=one.kind,
                hash=one.hash,
                adapter=one.adapter,
                revision=one.revision,
                change=one.change,
                mean=mean,
                standard_error=error,
                over_first=None if first is None else compared(first, played),
                parent="" if one.parent is None else rows[one.parent].name,
                over_parent=compared(parent, played) if isinstance(parent, Played) else None,
                without_code=bare.mean[0] if isinstance(bare, Played) else None,
                code_is_needed=str(bare) if isinstance(bare, AutoMemError) else "",
                measures=_measures(played),
                cost=played.cost,
                evaluations=played.evaluations,
            )
        )
        first = first or played
    return table


def _without_code(
    rows: Sequence[Contestant], found: dict[int, Played | AutoMemError], parent: int
) -> Played | AutoMemError | None:
    for place, one in enumerate(rows):
        if one.kind == "memory_only" and one.parent == parent:
            return found[place]
    return None


def compared(a: Played, b: Played) -> Paired:
    """`b` less `a`, in points; every task counts the same. Raises EvaluationError."""
    return paired(a.points, b.points, stratum=lambda pair: pair[0])


def _measures(played: Played) -> tuple[Measure, ...]:
    counts = [result.behaviour for result in played.episodes.values()]
    known = [count for count in counts if count is not None]
    return behaviour_summary(known).measures if len(known) == len(counts) else ()
