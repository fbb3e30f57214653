"""What scaffold code is told and what it may answer: the contract of `code.py`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from automem.records._struct import Record
from automem.records.scaffold import WriteMode

CodeFunction = Literal["remember", "perceive", "guard"]
Moment = Literal["observed", "logged", "log", "plan", "action"]
"""When it is called. remember: observed (before LOG), logged (after LOG); perceive: log, plan
(before the first prompt of that phase); guard: action (something was committed)."""

CODE_FUNCTIONS: tuple[CodeFunction, ...] = ("remember", "perceive", "guard")
MOST_REFUSALS = 2
"""How often in a step `guard` may reject; what is committed then is executed."""
MOST_WRITES = 32
MOST_NOTICES = 8
MOST_SLOTS = 32

Line = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(max_length=16_384)]
State = dict[str, Any]


class Counters(Record):
    """What the host counts anyway."""

    unchanged: int = 0
    """Actions in a row that changed nothing that can be seen, chosen waiting apart."""
    since_event: int = 0
    """Steps since something was achieved for the first time, or a reward was above zero."""
    invalid: int = 0
    """Invalid actions in a row, up to the last one."""
    log_writes: int = 0
    """Writes of this step's LOG that changed a file; 0 before LOG."""
    refused: int = 0
    """How often `guard` has rejected in this step."""


class CodeContext(Record):
    """The argument `context`, as a dict. Never in it: seed, hidden position, progression, paths."""

    moment: Moment
    step: int
    """Number of the observation shown; its LOG is about the action before."""
    steps_left: int
    task: str
    actions: tuple[str, ...]
    """Every accepted action; empty where any text is accepted."""
    observation: str
    """As the game gives it, without the notice of an invalid action."""
    status: str
    previous_observation: str
    """Empty at step 0, as are `previous_status` and `action`."""
    previous_status: str
    action: str
    """The action executed last."""
    said: str | None
    """What had been committed for it; None where nothing was."""
    valid: bool
    """Whether that was an accepted action."""
    reward: float
    events: tuple[str, ...]
    """What the last action achieved for the first time."""
    counters: Counters
    files: dict[str, str]
    """Memory files by name, as they are now; of a long one its last lines."""
    executed: str = ""
    """guard: what would be executed for the action that was committed."""
    accepted: bool = True
    """guard: whether that is what was committed, and not the default in its place."""
    state: State = {}
    """What this function returned as `state` last; empty at first."""
    remembered: State = {}
    """perceive and guard: the state of `remember`."""
    perceived: State = {}
    """guard: the state of `perceive`."""


class CodeWrite(Record):
    """One write that the host is asked for; the rules of the file decide."""

    file: str
    """A file of the manifest whose `code_modes` allow it."""
    mode: WriteMode
    text: str
    """For `upsert` the body of the line; empty removes it."""
    key: str = ""
    """For `upsert`."""


class Remembrance(Record):
    """What `remember` returns; None is nothing."""

    writes: Annotated[tuple[CodeWrite, ...], Meta(max_length=MOST_WRITES)] = ()
    notices: Annotated[tuple[Line, ...], Meta(max_length=MOST_NOTICES)] = ()
    """Added to the notices of LOG when observed, of PLAN when logged; at step 0, of PLAN."""
    state: State | None = None
    """None keeps the last one."""


class Percept(Record):
    """What `perceive` returns; None is nothing."""

    slots: Annotated[dict[str, Text], Meta(max_length=MOST_SLOTS)] = {}
    """For `slots.NAME` in the prompts of this phase; each is declared under `[code.slots]`."""
    prompt: str | None = None
    """PLAN begins with this prompt in place of `plan`; a file `prompts/plan_*.md`."""
    notices: Annotated[tuple[Line, ...], Meta(max_length=MOST_NOTICES)] = ()
    """Added to the notices of this phase's prompts."""
    state: State | None = None


class Judgment(Record):
    """What `guard` returns; None accepts."""

    replace: str | None = None
    """Executed in place of what was committed; an accepted action."""
    reject: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """Why it is not executed; the model is told and asked again."""
    state: State | None = None
