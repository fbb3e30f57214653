"""Which files a review of a recipe may write, and how they are read."""

from __future__ import annotations

from pathlib import Path

from automem.errors import DataError
from automem.review.writable import Writable
from automem_train.recipes.recipe import RECIPE
from automem_train.recipes.starting import SCORE, SELECTION

NAMES = (RECIPE, SELECTION, SCORE)
_MOST_BYTES = 1_048_576


def recipe_texts(folder: Path) -> dict[str, str]:
    """Name -> text of those that are there. Raises DataError for a link, or what is no text."""
    found: dict[str, str] = {}
    for name in NAMES:
        path = folder / name
        if path.is_symlink():
            raise DataError(f"{path} is a link; put a plain file in its place")
        if not path.exists():
            continue
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise DataError(f"{path} is larger than {_MOST_BYTES} bytes; shorten it")
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error
        found[name] = text.replace("\r\n", "\n")
    return found


def _refused(name: str) -> str:
    return "" if name in NAMES else "it is none of the files that may be written"


RECIPE_FILES = Writable(
    said=", ".join(NAMES),
    refused=_refused,
    read=recipe_texts,
    lasting={RECIPE: "the recipe itself"},
)
