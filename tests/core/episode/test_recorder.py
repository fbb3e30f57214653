"""Recorded events are checked and recorded answers given; what is new is kept."""

import resource
from pathlib import Path

import pytest

from automem.episode.recorder import difference, recorder_of
from automem.episode.recording import cut_torn_end, read_recording
from automem.episode.writing import TraceWriter
from automem.errors import ReplayMismatch, TraceError
from automem.records.environment import EnvironmentInfo
from automem.records.model import Message, Usage
from automem.records.trace import Acted, AnyEvent, Asked, Observed, Started

LONG = "a prompt that is long enough to be stored by reference when it comes again\nand again"
STARTED = Started(step=0, info=EnvironmentInfo(name="toy"), seed=1, scaffold="", agent="", roles={})
SEEN = Observed(step=0, text=LONG, hash="1")
MESSAGES = (Message(role="user", content=LONG),)
ASKED = Asked(
    step=0,
    phase="plan",
    turn=0,
    role="gameplay",
    model="m",
    messages=MESSAGES,
    reply="go",
    usage=Usage(input_tokens=3, output_tokens=1),
    seconds=2.0,
    cost=0.5,
)
FAILED = Asked(
    step=0, phase="plan", turn=0, role="gameplay", model="m", messages=MESSAGES, error="down"
)
ACTED = Acted(step=0, said="go", executed="go", valid=True, reward=1.0, progression=0.5)


def _write(path: Path, events: list[AnyEvent]) -> None:
    with TraceWriter(path) as writer:
        for event in events:
            writer.write(event)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    events = [STARTED, SEEN, ASKED, ACTED]
    _write(tmp_path / "trace.jsonl", events)
    assert list(read_recording(tmp_path / "trace.jsonl").events) == events


def test_a_torn_last_line_is_cut_and_owed_again(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    _write(path, [STARTED, SEEN, ASKED])
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    cut_torn_end(path)
    recording = read_recording(path)
    assert list(recording.events) == [STARTED, SEEN]
    with TraceWriter(path, recording.window) as writer:
        writer.write(ASKED)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("torn", [0, 1, 65_535, 65_536, 200_000])
def test_a_torn_end_of_any_length_is_cut(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "trace.jsonl"
    for whole in (b"", b"{}\n", b"{}\n" * 30_000):
        path.write_bytes(whole + b"x" * torn)
        cut_torn_end(path)
        assert path.read_bytes() == whole


def test_a_recording_is_read_as_it_is_played(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    _write(path, [STARTED, SEEN])
    path.write_bytes(path.read_bytes() + b"damaged\n")
    recorder = recorder_of(read_recording(path).events, None)
    recorder.record(STARTED)
    with pytest.raises(ReplayMismatch, match=r"the recording is damaged: .*line 3"):
        recorder.record(SEEN)


def test_a_damaged_line_before_the_end_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    _write(path, [STARTED, SEEN])
    path.write_bytes(path.read_bytes() + b'{"event":"dreamt"}\n')
    with pytest.raises(ReplayMismatch, match="line 3"):
        list(read_recording(path).events)


def test_no_file_is_an_empty_recording(tmp_path: Path) -> None:
    cut_torn_end(tmp_path / "none.jsonl")
    assert list(read_recording(tmp_path / "none.jsonl").events) == []


def test_a_recorded_call_is_answered_and_not_asked(tmp_path: Path) -> None:
    recorder = recorder_of([SEEN, ASKED], None)
    recorder.record(SEEN)
    assert recorder.answered(0, "plan", 0, "gameplay", MESSAGES) == ASKED
    assert not recorder.replaying
    assert (recorder.tally.calls, recorder.tally.tokens, recorder.tally.cost) == (1, 4, 0.5)
    assert recorder.answered(0, "plan", 1, "gameplay", MESSAGES) is None


def test_a_call_that_failed_is_asked_again(tmp_path: Path) -> None:
    recorder = recorder_of([SEEN, FAILED], None)
    recorder.record(SEEN)
    assert recorder.answered(0, "plan", 0, "gameplay", MESSAGES) is None
    followed = recorder_of([FAILED, ASKED], None)
    assert followed.answered(0, "plan", 0, "gameplay", MESSAGES) == ASKED


def test_times_may_differ_between_recording_and_replay() -> None:
    recorder = recorder_of([ACTED, STARTED], None)
    again = Acted(
        step=0, said="go", executed="go", valid=True, reward=1.0, progression=0.5, seconds=9.0
    )
    assert recorder.record(again) == ACTED
    recorder.record(
        Started(
            step=0,
            info=STARTED.info,
            seed=1,
            scaffold="",
            agent="",
            roles={},
            started_at="later",
            versions={"python": "4"},
        )
    )


def test_another_observation_is_a_mismatch_that_says_what_differs() -> None:
    recorder = recorder_of([SEEN], None)
    with pytest.raises(ReplayMismatch, match=r"step 0: observed\.text was .* now it is 'other'"):
        recorder.record(Observed(step=0, text="other", hash="1"))


def test_another_prompt_is_a_mismatch() -> None:
    recorder = recorder_of([ASKED], None)
    with pytest.raises(ReplayMismatch, match="messages"):
        recorder.answered(0, "plan", 0, "gameplay", (Message(role="user", content="other"),))


def test_a_call_where_an_action_is_recorded_is_a_mismatch() -> None:
    recorder = recorder_of([ACTED], None)
    with pytest.raises(ReplayMismatch, match="the recording has acted, now comes asked"):
        recorder.answered(0, "plan", 0, "gameplay", MESSAGES)


def test_going_on_beyond_a_finished_trace_is_a_mismatch() -> None:
    with pytest.raises(ReplayMismatch, match="the trace is over"):
        recorder_of([], None).record(ACTED)


def test_new_events_are_written_and_told(tmp_path: Path) -> None:
    told: list[AnyEvent] = []
    with TraceWriter(tmp_path / "trace.jsonl") as writer:
        recorder = recorder_of([SEEN], writer, told.append)
        recorder.record(SEEN)
        recorder.record(ACTED)
    assert told == [ACTED]
    assert list(read_recording(tmp_path / "trace.jsonl").events) == [ACTED]


def test_a_full_disk_says_what_to_do() -> None:
    with TraceWriter(Path("/dev/full")) as writer, pytest.raises(TraceError, match="make room"):
        writer.write(SEEN)


def test_equal_events_still_get_a_sentence() -> None:
    assert difference(SEEN, SEEN) == "step 0: observed differs"


def test_a_disk_that_takes_half_a_line_says_what_to_do(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with TraceWriter(tmp_path / "trace.jsonl") as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        try:
            with pytest.raises(TraceError, match="the disk is full; make room"):
                writer.write(SEEN)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(read_recording(tmp_path / "trace.jsonl").events) == []
