"""One memory turn of an episode: a model call, its operations, and what came of them."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record
from automem.records.memory import Kind, Outcome
from automem.records.model import Role
from automem.records.scaffold import Phase

Position = Literal["first", "continue", "handoff"]
"""first: the phase's own prompt; continue: results of the reply before; handoff: asked of the
gameplay role after the memory role has consulted, which is no turn of a memory model."""


class TurnOperation(Record, gc=False):
    """One memory operation of a turn's reply."""

    operation: str
    kind: Kind
    file: str
    outcome: Outcome
    hits: int = 0
    """Lines that it showed."""
    consulted: bool = False
    """A write in LOG, of a file that was looked into before in the same LOG."""
    led: bool = False
    """A look in LOG into a file that was written after it in the same LOG."""
    duplicate: bool = False
    """A write that says nothing new."""
    lines: int = 0
    """Lines it wrote that are not blank."""
    reread: int = 0
    """Those of them that a retrieval showed later, by the model or in a prompt slot."""
    reread_after: int | None = None
    """Steps until the first of them was shown; None where none was."""


class Turn(Record, gc=False):
    """One turn; `score` is given exactly this, as a dict."""

    id: str
    """`<evaluation>/<task>/<seed>/<step>/<phase>/<turn>`, the task as its folder is named."""
    evaluation: str
    task: str
    seed: int
    step: int
    phase: Phase
    turn: int
    """Counts the calls of one LOG or PLAN from 0."""
    role: Role
    """Who was asked; where one model plays both roles, PLAN is asked of `gameplay`."""
    position: Position
    slots: tuple[str, ...] = ()
    """The prompt slots of its conversation that showed lines of a memory file."""
    shape: str
    """Phase, position and slots in one word, such as `log/first` or `plan/continue+goals`."""
    prompt_tokens: int
    """Input tokens of the call."""
    reply_tokens: int
    reply: str
    """Verbatim."""
    cut_off: bool = False
    """The reply ended at its token limit."""
    operations: tuple[TurnOperation, ...] = ()
    before: float
    """The episode's progression when the turn was asked."""
    gain: float
    """By how much it grew within the horizon: the actions of this step and of those after it."""
    final: float
    """The episode's progression at its end."""
    success: bool | None = None
    rank: float
    """The share of the episodes of the same evaluation and task that came to less; 0 to below 1."""

    @property
    def episode(self) -> str:
        """The part of the id that its episode's turns share."""
        return f"{self.evaluation}/{self.task}/{self.seed}"

    @property
    def stratum(self) -> str:
        """Turns alike in what was asked: the shape, and the prompt's length to a power of two."""
        return f"{self.shape} <{1 << self.prompt_tokens.bit_length()}"
