"""What a data set holds: examples, and the report on them."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.jail import JailLevel
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem_train.select.reject import RejectReason


class Example(Record):
    """One line of `examples.jsonl`: a conversation that ends in the reply to be learned."""

    id: str
    """Of the turn, as in the table of turns."""
    evaluation: str
    task: str
    seed: int
    step: int
    phase: Phase
    turn: int
    shape: str
    stratum: str
    score: float | None
    """None where the turn was named."""
    reason: str = ""
    """Why it was named."""
    rules: tuple[str, ...] = ()
    """The rules of cleaning that changed its reply."""
    spans: tuple[tuple[int, int], ...]
    """The stretches of the reply in the trace that the last message is made of; ends exclusive."""
    prompt_tokens: int
    messages: tuple[Message, ...]
    """All but the last are the trace's, verbatim."""

    @property
    def episode(self) -> str:
        """Evaluation, task and seed."""
        return f"{self.evaluation}/{self.task}/{self.seed}"

    @property
    def target(self) -> str:
        """What is to be learned."""
        return self.messages[-1].content


class Coverage(Record):
    """One prompt shape."""

    shape: str
    turns: int
    """In the table."""
    chosen: int
    examples: int
    """After cleaning."""


class Concentration(Record):
    """How examples spread over episodes."""

    episodes: int
    """That have an example."""
    of: int
    """That have a turn in the table."""
    largest: str
    """The episode with the most."""
    largest_share: float
    effective: float
    """How many equal episodes would be as concentrated: the inverse of Simpson's index."""


class DataSums(Record):
    """What was counted while examples were made."""

    examples: int
    rejected: dict[RejectReason, int]
    rules: dict[str, int]
    """Rule of cleaning -> chosen replies it changed or dropped."""
    failed: dict[str, int]
    """Check -> chosen replies that did not pass it."""
    shapes: tuple[Coverage, ...]
    episodes: Concentration
    operations: dict[str, int]
    """Operation -> how often targets ask for it."""
    seeds: dict[str, int]
    """Seed list of the run's configuration -> examples; `other` is none of them."""
    prompt_tokens: int
    """Of all examples; conversations of several turns count whole."""
    longest_prompt: int
    """In tokens."""
    target_characters: int
    earlier_fences: int
    """Examples with a code fence in an earlier reply, which stays as it was said."""
    several: int
    """Examples whose LOG or PLAN has another example, which begins with the same messages."""


class DataReport(Record):
    """`report.json`: written last, so its existence means that the data set is whole."""

    hash: str
    """Of everything else in the folder: the same run and selection give the same."""
    criteria: str
    evaluations: dict[str, str]
    """Key -> name."""
    table: str
    """Name of the table of turns."""
    turns: int
    """In the table."""
    chosen: int
    """Before cleaning."""
    named: int
    """How many of them by their ids."""
    score_faults: int
    """Turns for which `score.py` failed."""
    jail: JailLevel | None
    """How `score.py` was kept in; None without one."""
    proven: int
    """Examples compared with the traces after they were written: all of them."""
    sums: DataSums
