import pytest

from automem.errors import TraceError
from automem.memory.history import History, files_at
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Edit
from automem.records.trace import AnyEvent, Observed, Remembered, Started


def started(files: dict[str, str]) -> Started:
    return Started(
        step=0,
        info=EnvironmentInfo(name="toy"),
        seed=1,
        scaffold="",
        agent="logplan",
        roles={},
        files=files,
    )


def remembered(step: int, file: str, edit: Edit | None) -> Remembered:
    return Remembered(
        step=step,
        phase="log",
        turn=0,
        operation="X",
        kind="append",
        file=file,
        outcome="done",
        result="",
        edit=edit,
    )


EVENTS: list[AnyEvent] = [
    started({"notes.txt": "a\n"}),
    Observed(step=1, text="", hash=""),
    remembered(1, "notes.txt", Edit(start=1, removed=0, added=("b",))),
    remembered(1, "notes.txt", None),
    remembered(2, "new.txt", Edit(start=0, removed=0, added=())),
    remembered(3, "notes.txt", Edit(start=0, removed=1, added=("c", "d"))),
]


@pytest.mark.parametrize(
    ("step", "files"),
    [
        (0, {"notes.txt": "a\n"}),
        (1, {"notes.txt": "a\nb\n"}),
        (2, {"notes.txt": "a\nb\n", "new.txt": ""}),
        (None, {"notes.txt": "c\nd\nb\n", "new.txt": ""}),
    ],
)
def test_the_files_at_a_step_hold_what_was_remembered_up_to_it(
    step: int | None, files: dict[str, str]
) -> None:
    assert files_at(EVENTS, step) == files


def test_an_edit_that_does_not_fit_is_an_error() -> None:
    history = History()
    with pytest.raises(TraceError, match="the trace is damaged"):
        history.apply(remembered(1, "notes.txt", Edit(start=0, removed=1, added=())))


def test_lines_of_one_file_can_be_asked_for() -> None:
    history = History()
    for event in EVENTS:
        history.apply(event)
    assert history.lines("notes.txt") == ("c", "d", "b")
    assert history.lines("other.txt") is None
