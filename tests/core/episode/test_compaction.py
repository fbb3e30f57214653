"""Compacted traces say the same as growing ones, at any step."""

import io
import random
from pathlib import Path

import pytest
import zstandard

from automem.episode import blocks
from automem.episode.compaction import compact, write_compacted
from automem.episode.encoding import decode_whole
from automem.episode.folder import EpisodeFolder
from automem.episode.reader import open_trace
from automem.episode.stream import trace_of
from automem.episode.writing import TraceWriter
from automem.errors import TraceError
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Edit
from automem.records.model import Message
from automem.records.trace import (
    Acted,
    AnyEvent,
    Asked,
    Ended,
    Observed,
    Remembered,
    Started,
    Totals,
    Warned,
)

STEPS = 600


def _events(steps: int = STEPS) -> list[AnyEvent]:
    """An episode whose map grows by a line at every step and is shown whole at every step."""
    rng = random.Random(7)
    info = EnvironmentInfo(name="toy", max_steps=steps)
    events: list[AnyEvent] = [
        Started(
            step=0, info=info, seed=1, scaffold="", agent="", roles={}, files={"map.txt": "Map:\n"}
        )
    ]
    file = ["Map:"]
    for step in range(steps + 1):
        seen = f"tree {rng.randrange(9)} steps to the east\nwater {rng.randrange(9)} steps north"
        events.append(Observed(step=step, text=seen, hash=str(step)))
        shown = "The rules of the game are these and those.\n" * 20 + "\n".join(file)
        ask = (Message(role="user", content=f"{shown}\n{seen}"),)
        note = f"step {step}: {rng.random()}"
        events.append(
            Asked(
                step=step,
                phase="log",
                turn=0,
                role="memory",
                model="m",
                messages=ask,
                reply=f"<|APPEND|>map.txt|{note}<|END|>",
            )
        )
        edit = Edit(start=len(file), removed=0, added=(note,))
        events.append(
            Remembered(
                step=step,
                phase="log",
                turn=0,
                operation="APPEND",
                kind="append",
                file="map.txt",
                arguments=("map.txt", note),
                outcome="done",
                result="Added.",
                edit=edit,
            )
        )
        file.append(note)
        if step < steps:
            events.append(
                Acted(step=step, said="go", executed="go", valid=True, reward=0.0, progression=0.0)
            )
    events.append(Warned(step=steps, kind="note", text="the end is near"))
    events.append(Ended(step=steps, reason="max_steps", progression=0.0, totals=Totals()))
    return events


@pytest.fixture
def folder(tmp_path: Path) -> EpisodeFolder:
    folder = EpisodeFolder(tmp_path)
    with TraceWriter(folder.trace) as writer:
        for event in _events():
            writer.write(event)
    return folder


def test_a_compacted_trace_holds_the_same_events(folder: EpisodeFolder) -> None:
    growing = list(open_trace(folder).events())
    size = folder.trace.stat().st_size
    path = compact(folder)
    assert not folder.trace.exists()
    assert list(open_trace(folder).events()) == growing == _events()
    assert path.stat().st_size < size
    assert compact(folder) == path


def test_every_step_and_its_memory_read_the_same_in_both_forms(folder: EpisodeFolder) -> None:
    growing = open_trace(folder)
    numbers = [0, 1, blocks.BLOCK_STEPS - 1, blocks.BLOCK_STEPS, blocks.BLOCK_STEPS + 1, STEPS]
    expected = [(growing.step(n), growing.memory_at(n)) for n in numbers]
    compact(folder)
    compacted = open_trace(folder)
    assert [(compacted.step(n), compacted.memory_at(n)) for n in numbers] == expected
    assert compacted.count == growing.count == STEPS + 1
    assert compacted.memory_at(STEPS)["map.txt"].count("\n") == STEPS + 2
    assert (compacted.started, compacted.ended) == (growing.started, growing.ended)
    assert [step.number for step in compacted.steps()] == list(range(STEPS + 1))


def test_a_step_shows_its_conversation_and_what_the_reply_did(folder: EpisodeFolder) -> None:
    step = open_trace(folder).step(5)
    conversation = step.conversation("log")
    assert [message.role for message in conversation] == ["user", "assistant"]
    assert step.operations(step.turns("log")[0]) == step.remembered
    assert step.acted is not None
    assert step.conversation("plan") == []


def test_zstd_tools_print_the_whole_trace(folder: EpisodeFolder) -> None:
    path = compact(folder)
    reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(
        path.open("rb"), read_across_frames=True, closefd=True
    )
    with reader:
        lines = reader.read().splitlines()
    assert [decode_whole(line) for line in lines] == _events()


def test_a_growing_trace_costs_the_same_per_step_however_much_is_shown(tmp_path: Path) -> None:
    sizes: list[int] = []
    for steps in (200, 400, 600):
        path = tmp_path / f"{steps}.jsonl"
        with TraceWriter(path) as writer:
            for event in _events(steps):
                writer.write(event)
        sizes.append(path.stat().st_size)
    assert sizes[2] - sizes[1] <= 1.1 * (sizes[1] - sizes[0])


def test_an_unfinished_trace_is_not_compacted(tmp_path: Path) -> None:
    folder = EpisodeFolder(tmp_path)
    with pytest.raises(TraceError, match="there is no trace"):
        compact(folder)
    with TraceWriter(folder.trace) as writer:
        for event in _events(3)[:-1]:
            writer.write(event)
    with pytest.raises(TraceError, match="not finished"):
        compact(folder)
    assert folder.trace.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trace.jsonl"]


def test_a_reader_goes_on_where_the_trace_is_compacted_under_its_hands(tmp_path: Path) -> None:
    folder = EpisodeFolder(tmp_path)
    events = _events(3)
    with TraceWriter(folder.trace) as writer:
        for event in events:
            writer.write(event)
    reader = open_trace(folder)
    compact(folder)
    assert list(reader.events()) == events


def test_a_step_that_does_not_exist_is_an_error_that_says_which_do(folder: EpisodeFolder) -> None:
    with pytest.raises(TraceError, match="steps 0 to 600"):
        open_trace(folder).step(601)
    with pytest.raises(TraceError, match="no step -1"):
        open_trace(folder).memory_at(-1)


def test_a_trace_that_is_missing_or_empty_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="there is no trace"):
        open_trace(EpisodeFolder(tmp_path))
    with pytest.raises(TraceError, match="there is no trace"):
        open_trace(tmp_path / "trace.jsonl")
    (tmp_path / "trace.jsonl").write_bytes(b'{"event":"obs')
    with pytest.raises(TraceError, match="holds no episode yet"):
        open_trace(EpisodeFolder(tmp_path))
    assert trace_of(EpisodeFolder(tmp_path)).name == "trace.jsonl"


def test_a_damaged_growing_trace_names_the_line(folder: EpisodeFolder) -> None:
    lines = folder.trace.read_bytes().splitlines(keepends=True)
    folder.trace.write_bytes(b"".join([*lines[:4], b"{}\n", *lines[4:]]))
    with pytest.raises(TraceError, match="line 5"):
        open_trace(folder)


@pytest.mark.parametrize("cut", [1, 5, 30, 5000])
def test_a_cut_compacted_trace_is_an_error_and_no_crash(folder: EpisodeFolder, cut: int) -> None:
    path = compact(folder)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(TraceError):
        open_trace(folder)


def test_a_compacted_trace_with_a_flipped_byte_is_an_error_and_no_crash(
    folder: EpisodeFolder,
) -> None:
    path = compact(folder)
    block = blocks.read_index(path).blocks[1]
    data = bytearray(path.read_bytes())
    data[block.offset + block.size // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(TraceError, match="damaged"):
        open_trace(folder).step(blocks.BLOCK_STEPS + 1)


def test_an_index_that_names_no_episode_is_an_error(tmp_path: Path) -> None:
    file = io.BytesIO()
    step = Warned(step=0, kind="note", text="no start and no end")
    end = Ended(step=0, reason="x", progression=0.0, totals=Totals())
    assert write_compacted([step, end], file)
    path = tmp_path / "trace.jsonl.zst"
    path.write_bytes(file.getvalue())
    with pytest.raises(TraceError, match="does not name an episode"):
        open_trace(path)
    path.write_bytes(b"short")
    with pytest.raises(TraceError, match="only 5 bytes"):
        open_trace(path)
