"""The overlay at the beginning of a review: the last recipe, or one of a prior's settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from automem.errors import DataError, JailError
from automem.files import write_text
from automem.review.workplace import Workplace
from automem_train.recipes.priors import priors
from automem_train.recipes.starting import SELECTION, starting_files
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.files import recipe_texts

_NEW = ".new"


def starter(bench: Bench) -> Callable[[Workplace], Awaitable[None]]:
    """What makes the overlay of this recipe. The overlay is there whole, or not at all."""

    async def start(place: Workplace) -> None:
        work, folder = bench.work, place.overlay.folder
        made = folder.with_name(f"{folder.name}{_NEW}")
        made.mkdir(parents=True, exist_ok=True)
        content = recipe_texts(place.run.path / work.previous) if work.previous else {}
        if content:
            _write(made, content)
        else:
            prior = priors(work.environment, work.parameters)[0]
            content = starting_files(prior)
            _write(made, content)
            there = await _examples(bench, place, made)
            if 0 < there < prior.minimum:
                wanted, reached = f"minimum = {prior.minimum}\n", f"minimum = {there}\n"
                text = content[SELECTION].replace(wanted, reached, 1)
                write_text(made / SELECTION, text)
        made.rename(folder)

    return start


def _write(folder: Path, content: Mapping[str, str]) -> None:
    for name, text in content.items():
        write_text(folder / name, text)


async def _examples(bench: Bench, place: Workplace, folder: Path) -> int:
    """How many examples there are for a recipe that nobody has looked at; 0 where none is known."""
    try:
        return (await bench.tryout(place, folder=folder)).report.sums.examples
    except (DataError, JailError):
        return 0  # the check says why
