"""Whole runs of loop 2: what is collected, trained, played, kept and written down."""

from .conftest import Whole, paid, verdicts


def test_what_helps_is_kept_and_what_does_not_is_dropped(whole: Whole) -> None:
    for t in whole.done.trials:
        print(t)
    assert verdicts(whole.done.trials) == [
        ("t001-a1", "dropped"),
        ("t001-a2", "kept"),
        ("t002-a1", "refused"),
        ("t003-a1", "no_proposal"),
    ]
    assert paid(whole.folder)
