"""The overlay at the beginning of a review: a copy of what is to be improved, with its own name."""

from __future__ import annotations

import re
from pathlib import Path

from automem.errors import ScaffoldError
from automem.review.view import scaffold_folder
from automem.review.workplace import Workplace
from automem.scaffold.content import MANIFEST, texts, write_all
from automem.scaffold.load import load_scaffold
from automem.scaffold.new import with_value

_NUMBER = re.compile(r"-r\d+[a-z]*$")
_LONGEST_NAME = 56


async def start_overlay(place: Workplace) -> None:
    """Make the overlay. Raises RunError, ScaffoldError."""
    folder, task, run = place.overlay.folder, place.task, place.run
    incumbent = scaffold_folder(run, task.incumbent)
    source = run.path / task.failed_overlay if task.failed_overlay else incumbent
    content = texts(source)
    base = _NUMBER.sub("", load_scaffold(incumbent).manifest.name)[:_LONGEST_NAME]
    name = f"{base}-r{task.revision}{_letter(folder)}"
    try:
        manifest = with_value(content[MANIFEST], "name", name)
        content[MANIFEST] = with_value(manifest, "parent", task.incumbent)
    except ScaffoldError:
        # A refused change whose manifest is broken is shown as it is, to be repaired.
        pass
    write_all(content, folder)


def _letter(overlay: Path) -> str:
    """Which review of its revision it is: `b` for `reviews/001-b/overlay`."""
    found = re.search(r"-([a-z]+)$", overlay.parent.name)
    return found[1] if found else ""
