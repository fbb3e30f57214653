"""Settings to begin with: the paper's for each of its games, and others for other models."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from automem.records._struct import Record
from automem.records.training import LoraSettings

SMALL: Final = "small"
OTHER: Final = "other"
SMALL_BELOW: Final = 50_000_000
"""Parameters."""


class Prior(Record):
    """What is known to work in one game, or for one size of models."""

    name: str
    """Of the environment; `other` is any, `small` any with a small model."""
    says: str
    minimum: Annotated[int, Meta(ge=1)]
    """Fewer examples are too few for it."""
    learning_rates: tuple[float, ...] = ()
    """Others that are worth trying."""
    lora: LoraSettings


class _File(Record):
    prior: tuple[Prior, ...]


def all_priors() -> tuple[Prior, ...]:
    """Every one there is."""
    text = files("automem_train.recipes").joinpath("priors.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File).prior


def priors(environment: str, parameters: int | None = None) -> tuple[Prior, ...]:
    """All of them, the one to begin with first: of this game, for a base of so many parameters.

    None is a base of unknown size, which counts as a large one.
    """
    known = all_priors()
    wanted = SMALL if parameters is not None and parameters < SMALL_BELOW else environment
    names = [prior.name for prior in known]
    first = known[names.index(wanted if wanted in names else OTHER)]
    return (first, *[prior for prior in known if prior is not first])
