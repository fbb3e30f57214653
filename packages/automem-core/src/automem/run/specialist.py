"""`adapter = "latest"`: the best specialist that the run has kept for its best scaffold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from automem.errors import AdapterError, ConfigError
from automem.models.adapters import is_folder
from automem.records.config import RunConfig
from automem.records.ledger import Trial
from automem.run.layout import RunFolder, run_folder
from automem.run.ledger import read_ledger

LATEST: Final = "latest"
ROLE: Final = "memory"


def with_specialist(config: RunConfig, *, required: bool = True) -> RunConfig:
    """The configuration with the folder of that specialist in place of the word.

    Where there is none, and it is not `required`, the word stays: what only plans can do without.
    Raises ConfigError for another role, AdapterError, and RunError for a damaged ledger.
    """
    named = [name for name, role in config.roles.items() if role.adapter == LATEST]
    wrong = [name for name in named if name != ROLE]
    if wrong:
        raise ConfigError(
            f'[roles.{wrong[0]}] adapter: "{LATEST}" is what was trained for the memory; name it '
            f"in [roles.{ROLE}], or name the folder of an adapter"
        )
    if not named:
        return config
    run = run_folder(config.run.folder, config.run.name)
    best = latest_specialist(run)
    if best is None and not required:
        return config
    role = msgspec.structs.replace(config.roles[ROLE], adapter=str(_folder(run, best)))
    return msgspec.structs.replace(config, roles={**config.roles, ROLE: role})


def latest_specialist(run: RunFolder) -> Trial | None:
    """The best one for the best scaffold of a run, with which alone it was judged.

    None where the run has kept none for that one. Raises RunError for a damaged ledger.
    """
    trials = read_ledger(run.ledger)
    kept = [t.candidate for t in trials if t.kind == "scaffold" and t.verdict == "kept"]
    return best_specialist([t for t in trials if not kept or t.parent == kept[-1]])


def best_specialist(trials: Iterable[Trial]) -> Trial | None:
    """The line of the kept recipe with the highest mean over the search seeds; first of equals."""
    kept = [trial for trial in trials if trial.kind == "recipe" and trial.verdict == "kept"]
    return max(kept, key=lambda trial: trial.mean or 0.0, default=None)


def _folder(run: RunFolder, best: Trial | None) -> Path:
    if best is None:
        raise AdapterError(
            f'[roles.{ROLE}] adapter: "{LATEST}" is the best specialist of the run {run.path}, '
            "which has kept none for its best scaffold; train one with `automem train`, choose the "
            "run that has one with [run] name, or name the folder of an adapter"
        )
    folder = (run.adapters / best.candidate).resolve()
    if not is_folder(str(folder)):
        raise AdapterError(
            f"the best specialist of the run {run.path}, {best.candidate_name or best.name}, is "
            f"lost: {folder} holds no adapter; put it back, or name the folder of another one"
        )
    return folder
