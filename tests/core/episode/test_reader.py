"""Parts of a trace are read without the rest, and are the same as in the whole."""

from pathlib import Path

import pytest

from automem.episode.compaction import write_compacted
from automem.episode.reader import TraceReader, open_trace
from automem.episode.writing import TraceWriter
from automem.errors import TraceError
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Edit
from automem.records.trace import Acted, AnyEvent, Ended, Observed, Remembered, Started, Totals

STEPS = 600
"""More than two blocks of a compacted trace."""


def events() -> list[AnyEvent]:
    info = EnvironmentInfo(name="toy")
    found: list[AnyEvent] = [
        Started(step=0, info=info, seed=1, scaffold="", agent="", roles={}),
    ]
    for step in range(STEPS):
        found.append(Observed(step=step, text=f"place {step}", hash=str(step)))
        if step % 2:
            edit = Edit(start=step // 2, removed=0, added=(f"was at {step}",))
            found.append(
                Remembered(
                    step=step,
                    phase="log",
                    turn=0,
                    operation="APPEND",
                    kind="append",
                    file="log.txt",
                    outcome="done",
                    result="done",
                    edit=edit,
                )
            )
        acted = Acted(step=step, said="go", executed="go", valid=True, reward=0.0, progression=0.0)
        found.append(acted)
    found.append(Ended(step=STEPS - 1, reason="won", progression=1.0, totals=Totals()))
    return found


@pytest.fixture(params=["growing", "compacted"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> TraceReader:
    path = tmp_path / "trace.jsonl"
    with TraceWriter(path) as trace:
        for event in events():
            trace.write(event)
    if request.param == "growing":
        return open_trace(path)
    compacted = tmp_path / "trace.jsonl.zst"
    with compacted.open("wb") as file:
        assert write_compacted(events(), file)
    return open_trace(compacted)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (3, 40), (250, 260), (10, 599), (590, 5000)])
def test_consecutive_steps_are_those_of_the_whole(
    reader: TraceReader, first: int, last: int
) -> None:
    assert reader.between(first, last) == list(reader.steps())[first : last + 1]


def test_there_is_nothing_beyond_the_end(reader: TraceReader) -> None:
    with pytest.raises(TraceError, match="no step 600"):
        reader.between(STEPS, STEPS + 3)


def test_deeds_are_all_but_observations_and_calls(reader: TraceReader) -> None:
    wanted = [event for event in events() if not isinstance(event, Observed)]
    assert list(reader.deeds()) == wanted
