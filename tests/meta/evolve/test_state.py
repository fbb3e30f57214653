"""What follows from a ledger."""

from collections.abc import Sequence

import pytest

from automem.loops.versions import Version, versions
from automem.records.ledger import Trial, TrialVerdict
from automem_meta.config import EvolveSection
from automem_meta.evolve.state import Stop, Try, next_step

ROOT = Version("h0", "v0", 0)
SECTION = EvolveSection(provider="rules", revisions=3, attempts=2, continuations=1, patience=2)


def trial(revision: int, attempt: int, continuation: int, verdict: TrialVerdict) -> Trial:
    return Trial(
        at="",
        settings="",
        revision=revision,
        attempt=attempt,
        continuation=continuation,
        review="reviews/x",
        parent="h0",
        candidate=f"h{revision}" if verdict == "kept" else "",
        candidate_name=f"v{revision}" if verdict == "kept" else "",
        verdict=verdict,
        why="",
    )


def step(trials: Sequence[Trial], section: EvolveSection = SECTION) -> Try:
    found = next_step(ROOT, trials, section)
    assert isinstance(found, Try)
    return found


def place(found: Try) -> tuple[int, int, int, int]:
    return found.revision, found.attempt, found.continuation, found.number


def test_an_empty_ledger_begins_with_the_first_attempt_at_the_first_revision() -> None:
    found = step([])
    assert place(found) == (1, 1, 0, 1) and found.incumbent == ROOT and found.failed is None


@pytest.mark.parametrize("verdict", ["dropped", "refused"])
def test_a_failure_is_gone_on_from_once_and_then_begun_anew(verdict: TrialVerdict) -> None:
    first = trial(1, 1, 0, verdict)
    found = step([first])
    assert place(found) == (1, 1, 1, 2) and found.failed == first
    assert found.text == "revision 1, attempt 1, continuation 1"
    found = step([first, trial(1, 1, 1, verdict)])
    assert place(found) == (1, 2, 0, 3) and found.failed is None


def test_nothing_can_be_gone_on_from_where_nothing_was_proposed() -> None:
    assert place(step([trial(1, 1, 0, "no_proposal")])) == (1, 2, 0, 2)


def test_what_is_kept_is_the_incumbent_of_the_next_revision() -> None:
    trials = [trial(1, 1, 0, "dropped"), trial(1, 1, 1, "kept")]
    found = step(trials)
    assert place(found) == (2, 1, 0, 1) and found.incumbent == Version("h1", "v1", 1)
    assert versions(ROOT, trials) == [ROOT, Version("h1", "v1", 1)]


def test_two_revisions_in_a_row_that_find_nothing_end_the_loop() -> None:
    nothing = [trial(1, n, 0, "no_proposal") for n in (1, 2)]
    again = [trial(2, n, 0, "no_proposal") for n in (1, 2)]
    assert place(step(nothing)) == (2, 1, 0, 1)
    stop = next_step(ROOT, [*nothing, *again], SECTION)
    assert stop == Stop("2 revisions in a row found nothing", ROOT)
    between = [*nothing, trial(2, 1, 0, "kept")]
    assert place(step(between)) == (3, 1, 0, 1)


def test_the_loop_ends_with_its_last_revision() -> None:
    kept = [trial(revision, 1, 0, "kept") for revision in (1, 2, 3)]
    stop = next_step(ROOT, kept, SECTION)
    assert stop == Stop("revision 3 was the last", Version("h3", "v3", 3))


def test_lines_stand_where_the_numbers_of_attempts_were_changed_since() -> None:
    one = [trial(1, 1, 0, "no_proposal"), trial(2, 1, 0, "dropped")]
    more = EvolveSection(provider="rules", revisions=5, attempts=4, continuations=0, patience=3)
    assert place(step(one, more)) == (2, 2, 0, 2)
    fewer = EvolveSection(provider="rules", attempts=1, continuations=0, patience=5)
    assert place(step([trial(1, 2, 1, "kept")], fewer)) == (2, 1, 0, 1)
