"""How an agent used its memory: counts of an episode, and the measures made of them."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record
from automem.records.memory import Actor

Writer = Actor | Literal["seed"]
"""Who put a line into a file; `seed`: it stood there when the episode began."""
Unit = Literal["share", "ratio", "per 100 steps", "tokens", "characters", "steps", "lines"]
Better = Literal["lower", "higher"]


class EmptySearches(Record):
    """Searches without a hit, by cause."""

    no_line: int = 0
    """The file has lines; none contains the words."""
    empty_file: int = 0
    missing_file: int = 0


class ByActor(Record):
    """Characters, newlines included, by who wrote or removed them."""

    llm: int = 0
    code: int = 0


class Behaviour(Record):
    """Counts of one episode, or their sums over many; every measure is a ratio of two of them.

    A write or search is one that was carried out: what a rule refused or what could not be
    understood is counted in `failed` alone.
    """

    episodes: int = 1
    steps: int = 0
    """Actions executed."""
    stuck: int = 0
    """Actions after which the game looked as before."""
    oscillating: int = 0
    """Actions that are part of going to and fro."""
    unproductive: int = 0
    """Actions that are one or the other."""
    invalid_actions: int = 0
    writes: int = 0
    """By the model, in any phase."""
    duplicate_writes: int = 0
    """Those of them that say nothing new."""
    searches: int = 0
    """By the model, in any phase."""
    empty: EmptySearches = EmptySearches()
    failed: int = 0
    """The model's operations that were refused or malformed."""
    log_writes: int = 0
    """The model's writes in LOG."""
    log_searches: int = 0
    """The model's searches in LOG."""
    consulted_writes: int = 0
    """Writes in LOG that come after a retrieval of the same file in the same LOG."""
    calls: int = 0
    """Answered model calls."""
    input_tokens: int = 0
    """Cached ones included."""
    cached_tokens: int = 0
    largest_prompt: int = 0
    """Input tokens of the longest call; over many episodes the longest of all."""
    grown: ByActor = ByActor()
    """Final size less seeded size."""
    written: ByActor = ByActor()
    """Everything ever written, whatever became of it; a whole file counts whole."""
    lines: int = 0
    """Lines the model wrote that are not blank; one that stays in a rewritten file counts once."""
    reread_lines: int = 0
    """Those of them that a retrieval showed later on, by the model or into a prompt slot."""
    reread_age: int = 0
    """Sum over them of the steps until it first did."""
    dead_lines: int = 0
    """Those that none ever showed."""


class Measure(Record):
    """One measure over the episodes of an evaluation."""

    name: str
    title: str
    unit: Unit
    better: Better | None
    """Which way is better; None where neither is."""
    part_of: str = ""
    """The measure it is a part or another view of."""
    macro: float | None
    """Mean over the episodes that have a value; None where none has."""
    macro_error: float | None
    """Standard error of it, with n - 1."""
    micro: float | None
    """Ratio of sums over all episodes; for the largest prompt, the largest of all."""
    episodes: int
    """How many have a value: without a search there is no empty-search rate."""


class BehaviourSummary(Record):
    """Behavior of memory over the episodes of one evaluation."""

    sums: Behaviour
    measures: tuple[Measure, ...]


class LineLife(Record):
    """What became of one line of a memory file; times are steps."""

    file: str
    text: str
    written_step: int
    """0 for a seeded line."""
    actor: Writer
    rewritten_step: int | None = None
    """When another line took its place."""
    searched_steps: tuple[int, ...] = ()
    """When a search showed it."""
    read_steps: tuple[int, ...] = ()
    """When a read or a tail showed it."""
    slot_steps: tuple[int, ...] = ()
    """When a prompt showed it by itself, in a slot of the scaffold."""
    removed_step: int | None = None
    """When it was taken away and nothing took its place."""
    dead: bool = False
    """Nothing ever showed it again, and it is not blank."""


class Timeline(Record):
    """Every line that any memory file of an episode ever held, in the order of being written."""

    steps: int
    """How many steps the trace has: the number of observations."""
    lines: tuple[LineLife, ...]
