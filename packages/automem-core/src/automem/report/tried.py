"""The ledger as rows of a page: every change that was proposed, and how it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from automem.errors import RunError, ScaffoldError
from automem.records._struct import Record
from automem.records.ledger import Trial
from automem.records.repeats import FalseAccepts
from automem.report.lineage import FileDiff, differences
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.scaffold.content import texts

RECIPE = ("recipe.toml", "selection.toml", "score.py")
"""Files of a review that writes a recipe."""


class TriedRow(Record):
    """One line of the ledger."""

    trial: Trial
    files: tuple[FileDiff, ...]
    """How the proposal differs from what it was to improve, a recipe whole; empty where lost."""


def tried_rows(run: RunFolder) -> Iterator[TriedRow]:
    """Every line, in order. Raises RunError for a damaged ledger."""
    for trial in read_ledger(run.ledger):
        overlay = run.path / trial.review / "overlay"
        if trial.kind == "recipe":
            yield TriedRow(trial=trial, files=tuple(differences({}, _recipe(overlay))))
            continue
        before = _texts(_kept(run, trial.parent))
        after = _texts(_kept(run, trial.candidate) or overlay)
        files = tuple(differences(before, after)) if before and after else ()
        yield TriedRow(trial=trial, files=files)


def false_accepts(run: RunFolder) -> FalseAccepts | None:
    """How a gate judged a scaffold against itself; None where nobody asked. Raises RunError."""
    try:
        return msgspec.json.decode(run.against_itself.read_bytes(), type=FalseAccepts)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise RunError(
            f"{run.against_itself} cannot be read: {error}; remove it, and `automem evolve --aa` "
            "makes it again"
        ) from error


def _recipe(overlay: Path) -> Mapping[str, str]:
    """What a review left as a recipe; files that are not there are left out."""
    found = [overlay / name for name in RECIPE if (overlay / name).is_file()]
    return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in found}


def _kept(run: RunFolder, digest: str) -> Path | None:
    """The run's copy of a scaffold."""
    return next(iter(sorted(run.scaffolds.glob(f"{digest}-*"))), None) if digest else None


def _texts(folder: Path | None) -> Mapping[str, str]:
    try:
        return texts(folder) if folder is not None else {}
    except ScaffoldError:
        return {}
