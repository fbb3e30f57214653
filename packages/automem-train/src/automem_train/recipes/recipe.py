"""The record of a recipe, the files it is kept in, and how it is written."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from automem.records._struct import Record
from automem.records.training import LoraSettings

RECIPE: Final = "recipe.toml"
SELECT: Final = "select"
_CHIEF = ("rank", "alpha", "learning_rate", "epochs", "targets")
"""Keys that are written also where they are as by default."""


class Recipe(Record):
    """What `recipe.toml` says."""

    data: str = SELECT
    """`select`, or the beginning of the hash of a data set of the run, to be used again."""
    lora: Annotated[tuple[LoraSettings, ...], Meta(min_length=1)]
    """One adapter is trained of each."""

    @property
    def selects(self) -> bool:
        """Whether turns are chosen anew, so that `selection.toml` is read."""
        return self.data == SELECT


def render_recipe(recipe: Recipe) -> str:
    """The recipe as TOML that reads to the same; keys that are as by default are left out."""
    lines = [f"data = {json.dumps(recipe.data)}"]
    for lora in recipe.lora:
        lines += ["", "[[lora]]", *_lora_lines(lora)]
    return "\n".join(lines) + "\n"


def _lora_lines(lora: LoraSettings) -> list[str]:
    values: dict[str, Any] = msgspec.to_builtins(lora)
    usual: dict[str, Any] = msgspec.to_builtins(LoraSettings())
    written = [*_CHIEF, *[key for key in values if key not in _CHIEF and values[key] != usual[key]]]
    # A string, a number or a list of them on one line of JSON is the same in TOML.
    return [f"{key} = {json.dumps(values[key])}" for key in written]
