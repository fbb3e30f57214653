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


class TriedRow(Record):
    """One line of the ledger."""

    trial: Trial
    files: tuple[FileDiff, ...]
    """How the proposal differs from what it was to improve; empty where either is lost."""


def tried_rows(run: RunFolder) -> Iterator[TriedRow]:
    """Every line, in order. Raises RunError for a damaged ledger."""
    for trial in read_ledger(run.ledger, "scaffold"):
        before = _texts(_kept(run, trial.parent))
        after = _texts(_kept(run, trial.candidate) or run.path / trial.review / "overlay")
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


def _kept(run: RunFolder, digest: str) -> Path | None:
    """The run's copy of a scaffold."""
    return next(iter(sorted(run.scaffolds.glob(f"{digest}-*"))), None) if digest else None


def _texts(folder: Path | None) -> Mapping[str, str]:
    try:
        return texts(folder) if folder is not None else {}
    except ScaffoldError:
        return {}
