"""A pipeline on the toy game: a scaffold that forgets, one that does not, and one adapter."""

from __future__ import annotations

from pathlib import Path

from automem.scaffold.new import new_scaffold
from automem.testing.toy import toy_scaffold


def scaffold(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """The toy scaffold under another name, its manifest changed."""
    made = new_scaffold(toy_scaffold(), folder / name, name)
    manifest = made / "scaffold.toml"
    text = manifest.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    manifest.write_text(text, encoding="utf-8")
    return made


def forgetful(folder: Path) -> Path:
    """Signs cannot be noted, so the player guesses."""
    normal = '[files."signs.txt"]\npurpose'
    forgetting = '[files."signs.txt"]\nmodes = ["create"]\npurpose'
    return scaffold(folder, "forgetful", (normal, forgetting))


def pipeline_text(folder: Path) -> str:
    """A configuration of everything; scaffolds are made in `folder`."""
    if not (folder / "forgetful").exists():
        forgetful(folder)
        scaffold(folder, "noting")
    return f"""
[run]
name = "toys"
folder = "{folder / "runs"}"

[environment]
name = "toy"
tasks = ["default"]
rooms = 3
max_steps = 14

[scaffold]
from = "{folder / "forgetful"}"

[roles.default]
backend = "toy-player"

[seeds]
search = "2 from 1"
train = "2 from 200"
report = "8 from 500"

[evaluation]
workers = 1

[evolve]
scaffolds = ["{folder / "noting"}"]

[train]
adapters = 1
"""
