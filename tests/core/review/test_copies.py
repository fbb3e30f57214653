"""The run's own copies of scaffolds: what was played, or nothing."""

import shutil

import pytest

from automem.errors import RunError
from automem.review.view import scaffold_folder
from automem.scaffold.content import content_hash, copy_into
from automem.testing.reviews import Reviews


def test_a_copy_that_was_changed_since_it_was_played_is_refused(reviews: Reviews) -> None:
    digest = reviews.evaluation.scaffold
    folder = scaffold_folder(reviews.run, digest)
    (folder / "prompts" / "log.md").write_text("Something else.\n", encoding="utf-8")
    with pytest.raises(RunError, match="was changed after it was played"):
        scaffold_folder(reviews.run, digest)
    (folder / "scaffold.toml").unlink()
    with pytest.raises(RunError, match="was changed after it was played"):
        scaffold_folder(reviews.run, digest)


def test_a_copy_that_is_lost_is_made_again_from_the_review_that_proposed_it(
    reviews: Reviews,
) -> None:
    digest = reviews.evaluation.scaffold
    folder = scaffold_folder(reviews.run, digest)
    shutil.copytree(folder, reviews.folder() / "overlay")
    shutil.rmtree(folder)
    assert scaffold_folder(reviews.run, digest) == folder
    assert content_hash(folder) == digest


def test_a_copy_that_is_nowhere_is_an_error_that_says_so(reviews: Reviews) -> None:
    digest = reviews.evaluation.scaffold
    folder = scaffold_folder(reviews.run, digest)
    overlay = copy_into(folder, reviews.folder())
    overlay.rename(reviews.folder() / "overlay")
    (reviews.folder() / "overlay" / "scaffold.toml").write_text("name = [", encoding="utf-8")
    shutil.rmtree(folder)
    with pytest.raises(RunError, match=r"holds no copy of the scaffold .* none of the reviews"):
        scaffold_folder(reviews.run, digest)
    with pytest.raises(RunError, match="holds no copy"):
        scaffold_folder(reviews.run, "")
