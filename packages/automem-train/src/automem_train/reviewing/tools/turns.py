"""`turns`: the table of turns, counted by what they are, and listed with their ids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from anyio import to_thread
from msgspec import Meta

from automem.records._struct import Record
from automem.records.memory import WRITING_KINDS
from automem.review.tool import Offset, Tool
from automem.review.workplace import Workplace
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.telling import turn_lines
from automem_train.turns.record import Turn, TurnOperation
from automem_train.turns.table import TurnTable

By = Literal["shape", "phase", "position", "operation", "file", "outcome", "episode", "stratum"]
Having = Literal["any", "yes", "no"]
MOST_EXAMPLES = 50
_FAILED = ("refused", "malformed", "missing")


class TurnsArguments(Record):
    """Arguments of `turns`."""

    by: Annotated[By, Meta(description="What the counts are by.")] = "shape"
    phase: Annotated[
        Literal["any", "log", "plan"], Meta(description="Only turns of this phase.")
    ] = "any"
    shape: Annotated[
        str,
        Meta(
            max_length=200,
            description="Only turns of shapes like this pattern, such as log/continue*.",
        ),
    ] = "*"
    operation: Annotated[str, Meta(description="Only turns with this operation; empty is any.")] = (
        ""
    )
    file: Annotated[str, Meta(description="Only turns with an operation on this file.")] = ""
    episode: Annotated[str, Meta(description="Only turns of this episode, such as A1.")] = ""
    words: Annotated[
        str, Meta(max_length=1000, description="Only turns whose reply holds these words.")
    ] = ""
    consulted: Annotated[
        Having,
        Meta(description="Whether a write follows a look into its file in the same LOG."),
    ] = "any"
    led: Annotated[
        Having, Meta(description="Whether a look is followed by a write to that file in that LOG.")
    ] = "any"
    duplicate: Annotated[Having, Meta(description="Whether a write says nothing new.")] = "any"
    reread: Annotated[
        Having, Meta(description="Whether something it wrote was shown again later.")
    ] = "any"
    failed: Annotated[
        Having, Meta(description=f"Whether an operation was {', '.join(_FAILED)}.")
    ] = "any"
    least_rank: Annotated[
        float,
        Meta(description="Rank of the episode: the share of episodes that came to less, 0 to 1."),
    ] = 0.0
    most_rank: float = 1.0
    least_gain: Annotated[
        float, Meta(description="Growth of progression within 50 actions, -1 to 1.")
    ] = -1.0
    most_gain: float = 1.0
    examples: Annotated[
        int, Meta(ge=0, le=MOST_EXAMPLES, description="How many turns are shown, in order.")
    ] = 5
    first: Annotated[int, Meta(ge=0, description="How many are passed over before them.")] = 0
    offset: Offset = 0


_HAVING: dict[str, Callable[[TurnOperation], bool]] = {
    "consulted": lambda one: one.consulted,
    "led": lambda one: one.led,
    "duplicate": lambda one: one.duplicate,
    "reread": lambda one: one.reread > 0,
    "failed": lambda one: one.outcome in _FAILED,
}


@dataclass(slots=True)
class _Sums:
    turns: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    gain: float = 0.0
    rank: float = 0.0

    def add(self, turn: Turn) -> None:
        self.turns += 1
        self.gain += turn.gain
        self.rank += turn.rank
        for one in turn.operations:
            self.counts["writes"] += one.kind in WRITING_KINDS
            for name, has in _HAVING.items():
                self.counts[name] += has(one)

    def row(self, value: str) -> str:
        counts = " | ".join([str(self.counts[name]) for name in ("writes", *_HAVING)])
        return (
            f"{value} | {self.turns} | {counts} | {100 * self.gain / self.turns:+.2f} | "
            f"{self.rank / self.turns:.2f}"
        )


def turns_tool(bench: Bench) -> Tool:
    """The tool of one review."""

    async def show(place: Workplace, arguments: TurnsArguments) -> str:
        table = await bench.table(place)
        if arguments.episode:
            place.view.episode(arguments.episode)
        return await to_thread.run_sync(turns_text, table, bench.names, arguments)

    return Tool(
        "turns",
        "The memory turns that can be learned from: how many there are of each shape, operation or "
        "episode, with counts of what came of them, and examples with their ids. Filters narrow "
        "both down; they are facts that `score(turn)` has too.",
        TurnsArguments,
        show,
    )


def turns_text(table: TurnTable, names: dict[str, str], arguments: TurnsArguments) -> str:
    """One pass over the table: counts of what matches, and some of it. Raises DataError."""
    sums: dict[str, _Sums] = defaultdict(_Sums)
    shown: list[Turn] = []
    total = matching = 0
    for turn in table.turns():
        total += 1
        name = names.get(turn.episode, turn.episode)
        if not _matches(turn, name, arguments):
            continue
        matching += 1
        for value in _values(turn, name, arguments.by):
            sums[value].add(turn)
        if matching > arguments.first and len(shown) < arguments.examples:
            shown.append(turn)
    lines = [f"{matching} of {total} turns match", ""]
    if matching:
        lines.append(
            f"{arguments.by} | turns | writes | {' | '.join(_HAVING)} | mean gain in points | "
            "mean rank"
        )
        lines += [sums[value].row(value) for value in sorted(sums)]
    if shown:
        last = arguments.first + len(shown)
        more = f"; go on with first={last}" if last < matching else ""
        lines += ["", f"turns {arguments.first + 1} to {last} of {matching}{more}:"]
        for turn in shown:
            lines += turn_lines(turn, names.get(turn.episode, turn.episode))
    return "\n".join(lines)


def _matches(turn: Turn, name: str, wanted: TurnsArguments) -> bool:
    if wanted.phase not in ("any", turn.phase) or not fnmatchcase(turn.shape, wanted.shape):
        return False
    if wanted.episode and name != wanted.episode.strip().upper():
        return False
    if not wanted.least_rank <= turn.rank <= wanted.most_rank:
        return False
    if not wanted.least_gain <= turn.gain <= wanted.most_gain:
        return False
    if wanted.words and wanted.words.casefold() not in turn.reply.casefold():
        return False
    operations = turn.operations
    called = wanted.operation.strip().upper()
    if called and not any(one.operation.upper() == called for one in operations):
        return False
    if wanted.file and not any(one.file == wanted.file for one in operations):
        return False
    return all(_has(operations, name, getattr(wanted, name)) for name in _HAVING)


def _has(operations: tuple[TurnOperation, ...], name: str, wanted: Having) -> bool:
    return wanted == "any" or any(map(_HAVING[name], operations)) == (wanted == "yes")


def _values(turn: Turn, name: str, by: By) -> Iterator[str]:
    """What a turn counts under; once, however many of its operations say so."""
    if by == "episode":
        yield name
    elif by in ("operation", "file", "outcome"):
        yield from sorted({str(getattr(one, by)) for one in turn.operations}) or ["(none)"]
    else:
        yield str(getattr(turn, by))
