"""The steps of an episode as the page shows them, in chunks that are loaded one by one.

A chunk begins with the memory files as they are before its first step, so that the files of any
step are found by applying the edits of at most one chunk. What was said to models is apart: it
is most of the text, and is looked at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from automem.episode.reader import TraceReader
from automem.episode.views import StepView
from automem.memory.history import History
from automem.memory.lines import to_lines
from automem.records._struct import Record
from automem.records.memory import Actor, Kind, Outcome
from automem.records.scaffold import Phase
from automem.records.trace import Asked, Remembered
from automem.report.packing import LineTable, Ranges

CHUNK_STEPS = 64


class EditData(Record):
    """How one file's lines changed: at `start`, `removed` lines gave way to `added`."""

    start: int
    removed: int
    added: Ranges


class OperationData(Record, omit_defaults=True):
    """One memory operation."""

    phase: Phase
    actor: Actor
    name: str
    kind: Kind
    file: str
    said: Ranges
    """Its arguments, joined by bars."""
    outcome: Outcome
    result: Ranges
    hits: int = 0
    edit: EditData | None = None


class StepData(Record, omit_defaults=True):
    """One step, without what was said to models."""

    number: int
    text: Ranges
    status: Ranges
    prefix: Ranges
    action: str | None = None
    """What was executed; None where nothing was."""
    said: str | None = None
    """What was committed, where it is something else."""
    valid: bool = True
    reward: float = 0.0
    progression: float | None = None
    events: tuple[str, ...] = ()
    ended: str | None = None
    operations: tuple[OperationData, ...] = ()
    warnings: tuple[str, ...] = ()
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class StepChunk(Record):
    """Consecutive steps; texts are ranges of `lines`."""

    lines: list[str]
    files: dict[str, Ranges]
    """The memory before the first of the steps."""
    steps: tuple[StepData, ...]


class CallData(Record, omit_defaults=True):
    """One model call."""

    phase: Phase
    turn: int
    role: str
    model: str
    messages: tuple[tuple[str, Ranges], ...]
    """Speaker and text of what is new since the call before."""
    reply: Ranges
    tokens_in: int = 0
    cached: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost: float | None = None
    retries: int = 0
    finish: str = "stop"
    error: str | None = None


class TalkChunk(Record):
    """The calls of consecutive steps."""

    lines: list[str]
    calls: dict[int, tuple[CallData, ...]]
    """By step."""


class Chunk(Record):
    """Both halves of what is known of consecutive steps."""

    steps: StepChunk
    talk: TalkChunk


def chunks(reader: TraceReader) -> Iterator[Chunk]:
    """The whole episode in one pass, `CHUNK_STEPS` a chunk."""
    history = History(reader.started.files)
    for _, steps in groupby(reader.steps(), key=lambda step: step.number // CHUNK_STEPS):
        views = list(steps)
        yield chunk_of(views, history.files())
        for view in views:
            for operation in view.remembered:
                history.apply(operation)


def chunk_at(reader: TraceReader, number: int) -> Chunk:
    """Chunk `number` alone, whatever the length of the episode. Raises TraceError."""
    first = number * CHUNK_STEPS
    before = reader.memory_at(first - 1) if first else dict(reader.started.files)
    return chunk_of(reader.between(first, first + CHUNK_STEPS - 1), before)


def chunk_of(views: Iterable[StepView], files: dict[str, str]) -> Chunk:
    """These steps, which found these memory files."""
    steps, talk = LineTable(), LineTable()
    before = {name: steps.pack_lines(to_lines(text)) for name, text in sorted(files.items())}
    shown: list[StepData] = []
    calls: dict[int, tuple[CallData, ...]] = {}
    for view in views:
        shown.append(_step(view, steps))
        asked = tuple(_call(call, talk) for call in (*view.asked, *view.failed))
        if asked:
            calls[view.number] = asked
    return Chunk(
        steps=StepChunk(lines=steps.lines, files=before, steps=tuple(shown)),
        talk=TalkChunk(lines=talk.lines, calls=calls),
    )


def _step(view: StepView, table: LineTable) -> StepData:
    observed, acted = view.observed, view.acted
    said = acted.said if acted is not None and acted.said != acted.executed else None
    return StepData(
        number=view.number,
        text=_pack(table, observed.text if observed else ""),
        status=_pack(table, observed.status if observed else ""),
        prefix=_pack(table, observed.prefix if observed else ""),
        action=acted.executed if acted else None,
        said=said,
        valid=acted.valid if acted else True,
        reward=acted.reward if acted else 0.0,
        progression=acted.progression if acted else None,
        events=acted.events if acted else (),
        ended=acted.ended if acted else None,
        operations=tuple(_operation(each, table) for each in view.remembered),
        warnings=tuple(
            f"{each.kind}{f' ({each.about})' if each.about else ''}: {each.text}"
            for each in view.warned
        ),
        calls=len(view.asked),
        tokens_in=sum(call.usage.input_tokens for call in view.asked),
        tokens_out=sum(call.usage.output_tokens for call in view.asked),
    )


def _operation(operation: Remembered, table: LineTable) -> OperationData:
    edit = operation.edit
    return OperationData(
        phase=operation.phase,
        actor=operation.actor,
        name=operation.operation,
        kind=operation.kind,
        file=operation.file,
        said=_pack(table, "|".join(operation.arguments)),
        outcome=operation.outcome,
        result=_pack(table, operation.result),
        hits=operation.hits,
        edit=None
        if edit is None
        else EditData(
            start=edit.start, removed=edit.removed, added=table.pack_lines(list(edit.added))
        ),
    )


def _call(call: Asked, table: LineTable) -> CallData:
    return CallData(
        phase=call.phase,
        turn=call.turn,
        role=call.role,
        model=call.model,
        messages=tuple((each.role, table.pack(each.content)) for each in call.messages),
        reply=table.pack(call.reply),
        tokens_in=call.usage.input_tokens,
        cached=call.usage.cached_tokens,
        tokens_out=call.usage.output_tokens,
        seconds=round(call.seconds, 3),
        cost=call.cost,
        retries=call.retries,
        finish=call.finish,
        error=call.error,
    )


def _pack(table: LineTable, text: str) -> Ranges:
    return table.pack(text) if text else []
