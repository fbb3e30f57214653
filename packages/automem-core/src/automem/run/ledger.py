"""Reading and writing `ledger.jsonl`, which is only ever appended to."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from automem.errors import RunError
from automem.records.ledger import LedgerKind, Trial


def read_ledger(path: Path, kind: LedgerKind | None = None) -> tuple[Trial, ...]:
    """Every line, or those of a kind, in order; none where there is no file.

    Raises RunError for a damaged line. A last line without its end was being written when the
    process was killed: it is left out, and what it would have said is found out again.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    whole, _, _ = content.rpartition(b"\n")
    trials: list[Trial] = []
    for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
        try:
            trials.append(msgspec.json.decode(line, type=Trial))
        except msgspec.MsgspecError as error:
            raise RunError(
                f"line {number} of {path} cannot be read: {error}; mend it, or remove it: what it "
                "says is then tried again"
            ) from error
    return tuple([trial for trial in trials if kind in (None, trial.kind)])


def append_trial(path: Path, trial: Trial) -> None:
    """Add a line, safe on disk before this returns; a torn last line gives way to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
        file.write(msgspec.json.encode(trial) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def trial_line(trial: Trial) -> str:
    """A line for people and for a meta-LLM: what was tried, and what came of it."""
    tried = f"revision {trial.revision}, attempt {trial.attempt}"
    if trial.kind == "recipe":
        tried = f"recipe {trial.revision}, configuration {trial.attempt} of {trial.places}"
    elif trial.continuation:
        tried += f", continuation {trial.continuation}"
    change = f" {trial.change.strip().rstrip('.')}." if trial.change.strip() else ""
    return f"{tried}:{change} {trial.verdict.replace('_', ' ')}: {trial.why}"
