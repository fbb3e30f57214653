"""Whether the rules player needs its memory: the same games when every operation answers nothing.

A copy of each scaffold is made in which what reads says `Nothing.` and what is put into prompts
is empty. Writing works as before; only nothing of it ever comes back.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from evaluations import evaluation_of
from figures import Figure

from automem_envs.crafter.scaffolds import crafter_map, crafter_v0

SEEDS = "42-51"
NEEDED = 50.0
"""Percent of progression that the player is to reach with `crafter-map`."""
MOST_WITHOUT = 0.75
"""Share of it that may be left without memory."""
_READING = ("read", "search", "tail", "count")


def measure() -> list[Figure]:
    """The figures of this file."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for scaffold, bound in ((crafter_map(), f"at least {NEEDED:.0f} %"), (crafter_v0(), "")):
            with_memory = _play(folder, scaffold)
            without = _play(folder, forgetful(scaffold, folder))
            share = without["mean"] / with_memory["mean"]
            figures.append(_figure(scaffold.name, with_memory, bound))
            figures.append(
                _figure(
                    f"{scaffold.name}, memory answers nothing",
                    without,
                    f"at most {MOST_WITHOUT:.0%} of it, is {share:.0%}" if bound else "",
                )
            )
    return figures


def _figure(what: str, evaluation: dict[str, Any], bound: str) -> Figure:
    said = f"{evaluation['mean']:.1f} ± {evaluation['standard_error']:.1f} %"
    about = f"rules player, Crafter, seeds {SEEDS}, 2,000 steps at most"
    return Figure(f"progression with {what}", said, about, bound)


def _play(folder: Path, scaffold: Path) -> dict[str, Any]:
    config = folder / f"{scaffold.name}.toml"
    tables = {
        "run": {"name": scaffold.name, "folder": str(folder / "runs")},
        "environment": {"name": "crafter"},
        "scaffold": {"from": str(scaffold)},
        "roles": {"default": {"backend": "rules"}},
        "seeds": {"search": SEEDS},
    }
    config.write_text(tomli_w.dumps(tables), encoding="utf-8")
    return evaluation_of(config)


def forgetful(scaffold: Path, folder: Path) -> Path:
    """A copy below `folder` in which writing works, and nothing of it ever comes back."""
    copy = folder / f"{scaffold.name}-forgetful"
    shutil.copytree(scaffold, copy)
    tables = tomllib.loads((copy / "scaffold.toml").read_text(encoding="utf-8"))
    tables["name"] = copy.name
    for operation in tables["operation"]:
        if operation["kind"] in _READING:
            outcomes = ("done", "empty", "missing", "refused", "malformed")
            operation["texts"] = dict.fromkeys(outcomes, "Nothing.")
    for inject in tables.get("inject", []):
        inject["file"] = "never-written.txt"
    tables["files"]["never-written.txt"] = {"modes": []}
    tables["limits"]["files"] += 1
    (copy / "scaffold.toml").write_text(tomli_w.dumps(tables), encoding="utf-8")
    return copy
