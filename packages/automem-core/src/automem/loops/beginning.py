"""Whether a run may go on: it began with the same, and its report was not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from automem.errors import ConfigError, RunError
from automem.evaluate.plan import EvaluationPlan
from automem.evaluate.replay import read_plan
from automem.loops.playing import Player, Side, settings_of
from automem.loops.versions import Version
from automem.records.ledger import Trial
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.scaffold.find import find_scaffold
from automem.scaffold.load import load_scaffold

_MOST_NAMED = 3
_KEYS = {
    "environment": "environment.name",
    "options": "environment",
    "tasks": "environment.tasks",
    "max_steps": "environment.max_steps",
}
"""What a plan calls otherwise than the configuration does."""


def given_root(player: Player) -> tuple[Version, Path]:
    """What the configuration begins with, and where it lies. Nothing is written.

    Raises ConfigError, ScaffoldError.
    """
    plugins, source = player.plugins, player.config.scaffold.source
    folder = find_scaffold(source, plugins.scaffolds(), plugins.load)
    scaffold = load_scaffold(folder)
    return Version(scaffold.hash, scaffold.manifest.name, 0), folder


def check_beginning(player: Player, search: Sequence[int]) -> None:
    """Refuse a run that began otherwise, before its configuration and status are written over.

    Raises ConfigError, ScaffoldError, and RunError for a damaged ledger.
    """
    root, folder = given_root(player)
    plan = player.plan(Side(folder), search)
    _refuse_another(player.run, read_ledger(player.run.ledger), root, plan)


def keep_root(player: Player, search: Sequence[int]) -> Version:
    """What the run begins with, kept in it. Raises what `check_beginning` raises."""
    scaffold = player.keep(player.config.scaffold.source)
    root = Version(scaffold.hash, scaffold.manifest.name, 0)
    plan = player.plan(Side(scaffold.folder), search)
    _refuse_another(player.run, read_ledger(player.run.ledger), root, plan)
    return root


def _refuse_another(
    run: RunFolder, trials: tuple[Trial, ...], root: Version, plan: EvaluationPlan
) -> None:
    """Refuse results that could not be compared with those of the ledger, of either loop."""
    if not trials:
        return
    first = trials[0]
    if first.parent != root.hash:
        raise ConfigError(
            f"{run.path} began with the scaffold {first.parent_name} ({first.parent}), not with "
            f"{root.name} ({root.hash}); choose another name with --run"
        )
    if first.settings != settings_of(plan):
        raise ConfigError(
            f"{run.path} was played with another game, model or agent than the configuration "
            f"names now{_difference(run, first.settings, plan)}, so results cannot be compared; "
            "give the same as then, or choose another name with --run"
        )


def refuse_touched(run: RunFolder, report: tuple[int, ...]) -> None:
    """Refuse to go on looking once a report seed was played. Raises RunError."""
    seeds = set(report)
    for folder in run.evaluations():
        if folder.plan.exists() and seeds & set(read_plan(folder).seeds):
            raise RunError(
                f"{run.path} has played report seeds already ({folder.path.name}), so whatever is "
                "tried now would be chosen with the result in view; choose another name with --run"
            )


def _difference(run: RunFolder, settings: str, now: EvaluationPlan) -> str:
    """The keys that differ, with both values; nothing where no plan of then is left."""
    for folder in run.evaluations():
        if folder.plan.exists() and settings_of(then := read_plan(folder)) == settings:
            found = list(_differences(_settings(then), _settings(now)))
            more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
            return f" ({'; '.join(found[:_MOST_NAMED])}{more})"
    return ""


def _settings(plan: EvaluationPlan) -> dict[str, Any]:
    every: dict[str, Any] = msgspec.to_builtins(plan)
    seen = ("scaffold", "scaffold_name", "seeds", "memory_only")
    return {_KEYS.get(key, key): value for key, value in every.items() if key not in seen}


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in sorted({*then, *now}):
        old, new = then.get(key), now.get(key)
        name = f"{path}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            inner = cast("tuple[dict[str, Any], dict[str, Any]]", (old, new))
            yield from _differences(*inner, f"{name}.")
        elif old != new:
            yield f"{name} was {_shown(old)}, is {_shown(new)}"


def _shown(value: Any) -> str:
    return "not set" if value is None else msgspec.json.encode(value).decode()
