"""What the page shows of a step is what the trace says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.episode.compaction import compact
from automem.episode.reader import TraceReader, open_trace
from automem.episode.writing import TraceWriter
from automem.errors import TraceError
from automem.memory.lines import to_lines
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Edit
from automem.records.model import Message, Usage
from automem.records.trace import Acted, Asked, Observed, Remembered, Started, Warned
from automem.report.marks import marks_of
from automem.report.packing import unpack
from automem.report.source import Version
from automem.report.steps import CHUNK_STEPS, Chunk, chunk_at, chunks
from automem.run.layout import RunFolder

LONG = 2 * CHUNK_STEPS + 5


def long_trace(path: Path) -> TraceReader:
    """A trace of some chunks that writes one line at every third step."""
    with TraceWriter(path) as trace:
        info = EnvironmentInfo(name="walk")
        trace.write(
            Started(
                step=0,
                info=info,
                seed=1,
                scaffold="",
                agent="logplan",
                roles={},
                files={"log.txt": "begun\n"},
            )
        )
        lines = 1
        for step in range(LONG):
            trace.write(Observed(step=step, text=f"place {step}", status="well", hash=str(step)))
            if step % 3 == 0:
                edit = Edit(start=lines, removed=0, added=(f"was at {step}",))
                lines += 1
                trace.write(_write(step, edit))
            if step < LONG - 1:
                trace.write(_walk(step))
    return open_trace(path)


def _write(step: int, edit: Edit) -> Remembered:
    return Remembered(
        step=step,
        phase="log",
        turn=0,
        operation="APPEND",
        kind="append",
        file="log.txt",
        arguments=("log.txt", "text"),
        outcome="done",
        result="1 line added.",
        edit=edit,
    )


def _walk(step: int) -> Acted:
    return Acted(
        step=step, said="go", executed="Go", valid=True, reward=0.5, progression=step / LONG
    )


def files_of(chunk: Chunk) -> dict[str, list[str]]:
    """The memory after the last step of a chunk, as the page computes it."""
    table = chunk.steps.lines
    files = {
        name: unpack(table, ranges).split("\n") if ranges else []
        for name, ranges in chunk.steps.files.items()
    }
    for step in chunk.steps.steps:
        for operation in step.operations:
            edit = operation.edit
            if edit is not None:
                added = unpack(table, edit.added).split("\n") if edit.added else []
                lines = files.setdefault(operation.file, [])
                lines[edit.start : edit.start + edit.removed] = added
    return files


def test_chunks_hold_every_step_once_and_the_memory_before(tmp_path: Path) -> None:
    reader = long_trace(tmp_path / "trace.jsonl")
    found = list(chunks(reader))
    numbers = [step.number for chunk in found for step in chunk.steps.steps]
    assert numbers == list(range(LONG))
    assert [len(chunk.steps.steps) for chunk in found] == [CHUNK_STEPS, CHUNK_STEPS, 5]
    for chunk in found:
        last = chunk.steps.steps[-1].number
        memory = {name: to_lines(text) for name, text in reader.memory_at(last).items()}
        assert files_of(chunk) == memory


def test_a_chunk_alone_is_the_same_chunk(tmp_path: Path) -> None:
    reader = long_trace(tmp_path / "trace.jsonl")
    assert [chunk_at(reader, number) for number in range(3)] == list(chunks(reader))
    with pytest.raises(TraceError, match="no step"):
        chunk_at(reader, 3)


def test_a_chunk_of_a_compacted_trace_is_the_same_chunk(run: RunFolder) -> None:
    folder = run.evaluations()[0].episode("default", 1)
    before = list(chunks(open_trace(folder)))
    compact(folder)
    assert [chunk_at(open_trace(folder), number) for number in range(len(before))] == before


def test_a_step_says_what_the_trace_says(versions: list[Version]) -> None:
    reader = open_trace(versions[0].episode("default", 1))
    (chunk,) = chunks(reader)
    lines = chunk.steps.lines
    for shown, view in zip(chunk.steps.steps, reader.steps(), strict=True):
        assert view.observed is not None
        assert unpack(lines, shown.text) == view.observed.text
        assert unpack(lines, shown.status) == view.observed.status
        assert shown.action == (view.acted.executed if view.acted else None)
        assert [o.name for o in shown.operations] == [o.operation for o in view.remembered]
        assert [unpack(lines, o.result) for o in shown.operations] == [
            o.result for o in view.remembered
        ]
        assert shown.tokens_in == sum(call.usage.input_tokens for call in view.asked)


def test_a_conversation_is_whole(versions: list[Version]) -> None:
    reader = open_trace(versions[0].episode("default", 1))
    (chunk,) = chunks(reader)
    lines = chunk.talk.lines
    for view in reader.steps():
        for call, asked in zip(chunk.talk.calls.get(view.number, ()), view.asked, strict=True):
            said = [(role, unpack(lines, text)) for role, text in call.messages]
            assert said == [(message.role, message.content) for message in asked.messages]
            assert unpack(lines, call.reply) == asked.reply
            assert (call.phase, call.turn) == (asked.phase, asked.turn)


def test_invalid_actions_warnings_and_failed_calls_are_told(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as trace:
        info = EnvironmentInfo(name="walk")
        trace.write(Started(step=0, info=info, seed=1, scaffold="", agent="window", roles={}))
        trace.write(Observed(step=0, text="a", prefix="No such action. ", hash="0"))
        question = (Message(role="user", content="What now?"),)
        call = Asked(
            step=0, phase="plan", turn=0, role="gameplay", model="m", messages=question, reply="fly"
        )
        trace.write(call)
        trace.write(
            Asked(
                step=0,
                phase="plan",
                turn=0,
                role="gameplay",
                model="m",
                messages=question,
                usage=Usage(input_tokens=3),
                error="refused",
            )
        )
        trace.write(Warned(step=0, kind="turn_limit", text="too many turns"))
        trace.write(
            Acted(
                step=0,
                said="fly",
                executed="wait",
                valid=False,
                reward=0.0,
                progression=0.0,
                events=("fell",),
                ended="died",
            )
        )
    (chunk,) = chunks(open_trace(path))
    (step,) = chunk.steps.steps
    assert (step.said, step.action, step.valid) == ("fly", "wait", False)
    assert step.warnings == ("turn_limit: too many turns",)
    assert (step.events, step.ended) == (("fell",), "died")
    assert unpack(chunk.steps.lines, step.prefix) == "No such action. "
    assert [each.error for each in chunk.talk.calls[0]] == [None, "refused"]
    assert step.calls == 1


def test_marks_are_where_something_happened(versions: list[Version]) -> None:
    reader = open_trace(versions[0].episode("default", 1))
    marks = marks_of(reader)
    views = list(reader.steps())
    assert marks.steps == reader.count == len(views)
    assert marks.events == tuple(
        (view.number, event) for view in views if view.acted for event in view.acted.events
    )
    assert marks.progression == ((3, 0.25), (7, 0.5), (11, 0.75), (15, 1.0))
    assert marks.writes == tuple(
        view.number for view in views if any(o.edit is not None for o in view.remembered)
    )
    assert marks.retrievals == (3, 7, 11, 15)
