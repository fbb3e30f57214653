"""The seven events of a trace. Every view of an episode is computed from these alone."""

from __future__ import annotations

from typing import TypeAlias

from automem.records._struct import Record
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Actor, Edit, Kind, Outcome
from automem.records.model import Finish, Message, Role, Usage
from automem.records.scaffold import Phase

TRACE_VERSION = 2
"""To be raised with any change of the events, or of how `episode.texts` refers to recent texts."""
READABLE_VERSIONS: frozenset[int] = frozenset({1, 2})
"""Version 2 adds fields with defaults: what scaffold code did."""


class Event(Record, tag_field="event"):
    """What all events share."""

    step: int
    """The step it belongs to: step t is observation t, LOG of action t-1, PLAN, action t."""


class Started(Event, tag="started"):
    """The first event: everything the episode is a function of."""

    trace_version: int = TRACE_VERSION
    info: EnvironmentInfo
    seed: int
    scaffold: str
    """Content hash; the folder is in the run's `scaffolds/`. Empty for agents without one."""
    agent: str
    """Name and settings of the agent, such as `logplan`."""
    roles: dict[Role, str]
    """Role -> backend, model and adapter, as text."""
    files: dict[str, str] = {}
    """The seeded memory folder: name -> text."""
    versions: dict[str, str] = {}
    key: str = ""
    """The evaluation it belongs to; a trace with another key is never resumed."""
    started_at: str = ""
    """ISO 8601, UTC."""
    restarts: int = 0
    """How often the episode was begun anew because its recording did not play again."""
    jail: str = ""
    """How scaffold code was kept in; empty where none played."""


class Observed(Event, tag="observed"):
    """The game showed something."""

    text: str
    status: str = ""
    prefix: str = ""
    """What the host put before the text: the notice of an invalid action."""
    position: tuple[int, int, int] | None = None
    hash: str
    """Of text and status, without the prefix and without volatile fields."""


class Asked(Event, tag="asked"):
    """One model call, answered or failed for good."""

    phase: Phase
    turn: int
    """Counts the calls of one conversation (a step's LOG or PLAN) from 0."""
    role: Role
    """Who was asked."""
    model: str
    messages: tuple[Message, ...]
    """Only what is new since the previous call of the same conversation."""
    reply: str = ""
    finish: Finish = "stop"
    usage: Usage = Usage()
    seconds: float = 0.0
    waited_seconds: float = 0.0
    retries: int = 0
    cost: float | None = None
    error: str | None = None
    """Set where the call failed for good; the episode is then unfinished."""


class Remembered(Event, tag="remembered"):
    """One memory operation."""

    phase: Phase
    turn: int
    """-1 where it belongs to no call: `actor` is then the scaffold's code."""
    actor: Actor = "llm"
    operation: str
    kind: Kind
    file: str
    arguments: tuple[str, ...] = ()
    outcome: Outcome
    result: str
    """The text the model was shown."""
    hits: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    edit: Edit | None = None


class Acted(Event, tag="acted"):
    """An action was executed and answered."""

    said: str | None
    """What was committed, verbatim; None where nothing was."""
    executed: str
    valid: bool
    reward: float
    progression: float
    benchmark_progression: float | None = None
    """As the benchmark's own code counts, where the game says so."""
    events: tuple[str, ...] = ()
    success: bool | None = None
    ended: str | None = None
    seconds: float = 0.0
    """Wall time in the environment."""
    replaced: str | None = None
    """What the scaffold's `guard` put in place of what was said."""
    refused: int = 0
    """How often `guard` rejected before; each has a warning of its own."""


class Warned(Event, tag="warned"):
    """Something a reader should know: a fallback, a turn limit, a restart."""

    kind: str
    text: str
    about: str = ""
    """What of the scaffold's code it is about, such as `perceive/plan`."""


class Totals(Record):
    """Sums over one episode."""

    steps: int = 0
    calls: int = 0
    usage: Usage = Usage()
    roles: dict[Role, Usage] = {}
    """The same for each role that was asked; empty where an older AutoMem added it up."""
    cost: float | None = None
    """None as soon as one call has no known price."""
    retries: int = 0
    seconds: float = 0.0
    """Wall time of the play, recorded play included."""
    invalid_actions: int = 0
    operations: int = 0


class Ended(Event, tag="ended"):
    """The last event of a finished episode."""

    reason: str
    progression: float
    success: bool | None = None
    totals: Totals


AnyEvent: TypeAlias = Started | Observed | Asked | Remembered | Acted | Warned | Ended
