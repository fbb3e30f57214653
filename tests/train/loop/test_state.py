"""What loop 2 does next, from the lines of the ledger alone."""

import pytest

from automem.loops.versions import Version
from automem.records.ledger import Trial, TrialVerdict
from automem.run.specialist import best_specialist
from automem_train.config import TrainSection
from automem_train.loop.foretelling import Ahead, ahead
from automem_train.loop.state import Stop, Turn, next_step

ROOT = Version("aaaa", "v0", 0)
SECTION = TrainSection(provider="rules", iterations=3, configs=2, patience=2)
SETTINGS = "same"


def line(
    revision: int,
    verdict: TrialVerdict,
    attempt: int = 1,
    *,
    places: int = 1,
    parent: str = ROOT.hash,
    mean: float | None = None,
    settings: str = SETTINGS,
) -> Trial:
    return Trial(
        kind="recipe",
        at="",
        settings=settings,
        revision=revision,
        attempt=attempt,
        places=places,
        review=f"reviews/t{revision:03d}-a",
        parent=parent,
        candidate=f"{revision}{attempt}",
        verdict=verdict,
        why="",
        mean=mean,
    )


BETTER = Trial(at="", settings=SETTINGS, revision=1, attempt=1, review="reviews/001-a",
               parent=ROOT.hash, candidate="bbbb", candidate_name="v1", verdict="kept",
               why="")  # fmt: skip


def step(*trials: Trial, section: TrainSection = SECTION) -> Turn | Stop:
    return next_step(ROOT, trials, section, SETTINGS)


def place(found: Turn | Stop) -> tuple[int, int, str]:
    assert isinstance(found, Turn)
    return found.iteration, found.place, found.scaffold.hash


def test_it_begins_with_the_first_recipe_on_the_best_scaffold() -> None:
    assert place(step()) == (1, 1, "aaaa")
    found = step(BETTER)
    assert place(found) == (1, 1, "bbbb")
    assert isinstance(found, Turn) and found.version == 2


def test_every_configuration_of_a_recipe_has_its_turn() -> None:
    first = line(1, "dropped", places=2)
    assert place(step(first)) == (1, 2, "aaaa")
    assert place(step(first, line(1, "kept", 2, places=2))) == (2, 1, "aaaa")


def test_recipes_in_a_row_that_bring_nothing_end_it() -> None:
    found = step(line(1, "no_proposal"), line(2, "dropped", places=2),
                 line(2, "refused", 2, places=2))  # fmt: skip
    assert isinstance(found, Stop) and found.why == "2 recipes in a row brought nothing"
    kept_between = step(line(1, "dropped"), line(2, "kept", mean=4.0))
    assert place(kept_between) == (3, 1, "aaaa")


def test_the_last_recipe_ends_it_with_the_best_specialist_as_champion() -> None:
    found = step(line(1, "kept", mean=40.0), line(2, "kept", mean=50.0), line(3, "kept", mean=50.0))
    assert isinstance(found, Stop) and found.why == "recipe 3 was the last"
    assert found.champion is not None and found.champion.revision == 2


def test_a_better_scaffold_begins_it_again_and_numbers_go_on() -> None:
    ended = [line(1, "dropped", places=2), line(1, "dropped", 2, places=2), line(2, "dropped")]
    assert isinstance(step(*ended), Stop)
    found = step(*ended, BETTER)
    assert place(found) == (3, 1, "bbbb")
    assert isinstance(found, Turn) and found.earlier == ()
    unfinished = step(line(1, "dropped", places=2), BETTER)
    assert place(unfinished) == (2, 1, "bbbb")


def test_lines_of_another_game_or_model_do_not_count() -> None:
    other = line(1, "kept", mean=90.0, settings="other")
    assert place(step(other)) == (2, 1, "aaaa")


def test_without_a_kept_specialist_there_is_no_best_one() -> None:
    assert best_specialist([line(1, "dropped"), BETTER]) is None


@pytest.mark.parametrize(
    ("trials", "is_kept", "expected"),
    [
        ((), False, Ahead(recipes=2, trainings=4)),
        ((), True, Ahead(recipes=3, trainings=6)),
        ((line(1, "dropped", places=2),), False, Ahead(recipes=1, trainings=3)),
        ((line(1, "dropped", places=2),), True, Ahead(recipes=2, trainings=5)),
        ((line(1, "dropped"), line(2, "dropped")), True, Ahead(recipes=0, trainings=0)),
    ],
)
def test_what_is_left_is_counted_from_the_ledger(
    trials: tuple[Trial, ...], is_kept: bool, expected: Ahead
) -> None:
    assert ahead(ROOT, trials, SECTION, SETTINGS, is_kept=is_kept) == expected
