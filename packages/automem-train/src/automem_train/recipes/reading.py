"""Reads `recipe.toml` and says which key is wrong, where it stands, and what it may be."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from automem.errors import ConfigError, DataError
from automem.options import read_options
from automem.records.training import PROJECTIONS, LoraSettings
from automem.run.layout import RunFolder
from automem.scaffold.content import table_of
from automem.spelling import did_you_mean
from automem_train.dataset.folder import DataFolder, locate_data
from automem_train.recipes.recipe import RECIPE, SELECT, Recipe

FEWEST_DIGITS: Final = 4
MOST_BYTES: Final = 64 * 1024
BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "learning_rate": (1e-6, 1e-2),
    "epochs": (1, 50),
    "cutoff": (64, 262_144),
}
"""Narrower than what can be computed: beyond them a training is wasted."""
SCALE: Final = (1 / 16, 16.0)
"""Of `alpha / rank`, by which the adapter's product is scaled."""
MOST_EXAMPLES: Final = 1024
"""Of one step: `batch` times `accumulate`."""
_MOST_SAID: Final = 600
_MOST_QUOTED: Final = 60
"""Characters; what is wrong is told to a model, which pays for each of them."""
_HASH = re.compile(rf"[0-9a-f]{{{FEWEST_DIGITS},16}}")


def read_recipe(folder: Path, *, most: int) -> Recipe:
    """The recipe in a folder; it has at most `most` configurations.

    Targets come out in the order of a block's layers, so that one setting is written one way.
    Raises DataError with the path of the key that is wrong.
    """
    path = folder / RECIPE
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} has more than {MOST_BYTES:,} bytes; a recipe has a few lines")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    try:
        return parse_recipe(text, most=most)
    except DataError as error:
        raise DataError(f"{path}: {_shortened(str(error), _MOST_SAID)}") from error


def parse_recipe(text: str, *, most: int) -> Recipe:
    """As `read_recipe`, from the text of the file."""
    try:
        table = table_of(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"this is not TOML: {error}") from error
    known = Recipe.__struct_fields__
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f"; there are {' and '.join(known)}"
            if key in LoraSettings.__struct_fields__:
                hint = "; it belongs into [[lora]]"
            raise DataError(f"{key}: a recipe has no such key{hint}")
    configurations = _configurations(table.get("lora"), most)
    return Recipe(data=_data(table.get("data", SELECT)), lora=configurations)


def reused_data(recipe: Recipe, run: RunFolder, within: Collection[str]) -> DataFolder | None:
    """The data set of the run that a recipe uses again; None where it selects anew.

    `within` are keys of the evaluations that may be learned from: a run may also hold data sets of
    seeds that judge. Raises DataError where the hash is not the beginning of exactly one, or it is
    one of other evaluations.
    """
    if recipe.selects:
        return None
    try:
        found = locate_data(run, recipe.data)
    except DataError as error:
        raise DataError(f'data = "{recipe.data}": {error}\nor write data = "{SELECT}"') from error
    if others := found.others(within):
        raise DataError(
            f'data = "{recipe.data}": that data set was chosen from {", ".join(others)} too, which '
            "are not among the evaluations to learn from; the tool `data` lists those that may be "
            f'used again, or write data = "{SELECT}"'
        )
    return found


def _data(value: object) -> str:
    if value == SELECT:
        return SELECT
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value
    hint = did_you_mean(value, [SELECT]) if isinstance(value, str) else ""
    raise DataError(
        f'data: {_quoted(value)} is neither "{SELECT}" nor the beginning of a data set\'s hash '
        f"({FEWEST_DIGITS} to 16 digits, 0-9 and a-f){hint}"
    )


def _configurations(value: object, most: int) -> tuple[LoraSettings, ...]:
    if isinstance(value, dict):
        raise DataError("lora: write [[lora]] in double brackets, one for each configuration")
    if not isinstance(value, list) or not value:
        raise DataError(f"lora: there is no configuration; write [[lora]], once or up to {most}x")
    tables = cast("list[object]", value)
    if len(tables) > most:
        raise DataError(
            f"lora: {len(tables)} configurations, but a recipe may have {most}; take away "
            f"{len(tables) - most}"
        )
    found: list[LoraSettings] = []
    for number, table in enumerate(tables):
        where = f"lora[{number}]"
        lora = _settings(table, where)
        if lora in found:
            raise DataError(
                f"{where}: the same as lora[{found.index(lora)}]; it would train the same adapter"
            )
        found.append(lora)
    return tuple(found)


def _settings(table: object, where: str) -> LoraSettings:
    if not isinstance(table, dict):
        raise DataError(f"{where}: not a table of keys, but {_quoted(table)}")
    raw = cast("dict[str, Any]", table)
    targets: object = raw.get("targets")
    if isinstance(targets, list):
        _check_targets(cast("list[object]", targets), where)
    try:
        read = read_options("lora", LoraSettings, raw, path=where)
    except ConfigError as error:
        raise DataError(str(error)) from error
    lora = cast("LoraSettings", read)
    for key, value in raw.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise DataError(f"{where}.{key}: {value} is not a finite number")
    for key, (low, high) in BOUNDS.items():
        number: float = getattr(lora, key)
        if not low <= number <= high:
            raise DataError(f"{where}.{key}: {number:g} is not within {low:g} and {high:g}")
    scale = lora.alpha / lora.rank
    if not SCALE[0] <= scale <= SCALE[1]:
        raise DataError(
            f"{where}.alpha: alpha / rank is {scale:g}, not within {SCALE[0]:g} and {SCALE[1]:g}; "
            f"usual is 1 or 2, here alpha = {lora.rank} or {2 * lora.rank}"
        )
    if lora.batch * lora.accumulate > MOST_EXAMPLES:
        raise DataError(
            f"{where}.accumulate: batch x accumulate is {lora.batch * lora.accumulate:,} examples "
            f"a step; at most {MOST_EXAMPLES:,}"
        )
    ordered = tuple([one for one in PROJECTIONS if one in lora.targets])
    return msgspec.structs.replace(lora, targets=ordered)


def _check_targets(targets: list[object], where: str) -> None:
    """What the record's own check would say less well."""
    for place, target in enumerate(targets):
        if target not in PROJECTIONS:
            hint = did_you_mean(target, PROJECTIONS) if isinstance(target, str) else ""
            hint = hint or f"; there are {', '.join(PROJECTIONS)}"
            raise DataError(f"{where}.targets[{place}]: {_quoted(target)} is no projection{hint}")
        if target in targets[:place]:
            raise DataError(f"{where}.targets[{place}]: {target!r} is named twice")


def _quoted(value: object) -> str:
    return _shortened(repr(value), _MOST_QUOTED)


def _shortened(text: str, most: int) -> str:
    """The text without its middle where it is long."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"
