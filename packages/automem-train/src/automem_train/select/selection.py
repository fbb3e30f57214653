"""`selection.toml`: which turns are wanted, in words, shares and ids; `score.py` beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from automem.errors import ConfigError, DataError
from automem.records._struct import Record
from automem.records.config import Seeds
from automem.records.scaffold import Phase
from automem.run.seeds import parse_seeds
from automem.scaffold.content import table_of

SCORE = "score.py"
Share = Annotated[float, Meta(gt=0.0, le=1.0)]
Positive = Annotated[int, Meta(ge=1)]
Words = Annotated[str, Meta(min_length=1)]


class Named(Record):
    """One turn by its id, and why."""

    id: Words
    reason: Words


class EpisodeChoice(Record):
    """`[episodes]`: whose turns may be chosen by score."""

    best: Share = 1.0
    """The share of the episodes of each evaluation and task that came furthest; ties all count."""
    tasks: tuple[str, ...] = ()
    """As their folders are named; empty is all."""
    seeds: Seeds = ()
    """Empty is all."""
    most_turns: Positive | None = None
    """Of one episode."""


class Selection(Record):
    """Keys of `selection.toml`."""

    criteria: Words
    """What makes a turn worth learning from, in words."""
    evaluations: tuple[str, ...] = ()
    """Names, or beginnings of keys, of complete evaluations; empty is all of the run."""
    phases: tuple[Phase, ...] = ("log", "plan")
    threshold: float = 0.0
    """The lowest score that is chosen."""
    minimum: Positive = 1
    """Fewer examples are no data set."""
    most: Positive | None = None
    """Turns chosen by score, those with the highest scores; None is all."""
    shapes: dict[str, Share] = msgspec.field(default_factory=dict[str, Share])
    """Pattern of a shape, such as `log/*` -> the share it takes of what is chosen by score.

    A shape counts for the first pattern it matches; those that match none fill the rest, and
    where they are too few, the patterns share their place. A pattern that has too few itself makes
    the set smaller instead of one-sided.
    """
    episodes: EpisodeChoice = EpisodeChoice()
    include: tuple[Named, ...] = ()
    """Chosen whatever their score is."""
    exclude: tuple[Named, ...] = ()
    """Never chosen."""


class Chooser(Record):
    """A selection that was read: the file's keys, and the program that scores."""

    selection: Selection
    score: str = ""
    """The source of `score.py`; empty where only `include` chooses."""

    @property
    def canonical(self) -> bytes:
        """The same bytes for the same selection, however its file is written."""
        return msgspec.json.encode(self, order="deterministic")

    @property
    def seeds(self) -> frozenset[int]:
        """Those that `[episodes]` names."""
        return frozenset(parse_seeds(self.selection.episodes.seeds))


def load_selection(path: Path) -> Chooser:
    """Read `selection.toml`, or a folder that holds it, and `score.py` beside it.

    Raises DataError that says which key is wrong.
    """
    path = path / "selection.toml" if path.is_dir() else path
    try:
        table = table_of(path.read_text(encoding="utf-8"))
        selection = msgspec.convert(table, Selection)
        parse_seeds(selection.episodes.seeds)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    except (ValueError, RecursionError, msgspec.ValidationError, ConfigError) as error:
        raise DataError(f"{path}: {error}") from error
    if sum(selection.shapes.values()) > 1 + 1e-9:
        raise DataError(f"{path}: the shares of [shapes] add up to more than 1")
    both = {one.id for one in selection.include} & {one.id for one in selection.exclude}
    if both:
        raise DataError(f"{path}: {min(both)} is in `include` and in `exclude`; choose one")
    program = path.with_name(SCORE)
    try:
        score = program.read_text(encoding="utf-8") if program.is_file() else ""
    except UnicodeDecodeError as error:
        raise DataError(f"{program} is not UTF-8: {error}") from error
    if not score and not selection.include:
        raise DataError(
            f"{path} chooses nothing: write `def score(turn)` in {program}, or name turns in "
            "[[include]]"
        )
    return Chooser(selection=selection, score=score)
