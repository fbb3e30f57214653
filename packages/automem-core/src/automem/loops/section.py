"""What the sections `[evolve]` and `[train]` have in common: who reviews, and what judges."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from automem.errors import ConfigError
from automem.options import read_options
from automem.records._struct import Record
from automem.records.config import RunConfig, Seeds
from automem.records.review import ReviewBudget
from automem.run.seeds import parse_seeds

Count = Annotated[int, Meta(ge=1)]
Whole = Annotated[int, Meta(ge=0)]

_LISTS = ("search", "train", "report")


class LoopSection(Record):
    """Keys that every loop has."""

    key: ClassVar[str]
    """The section's name."""
    own_lists: ClassVar[tuple[str, ...]] = ("fresh",)
    """Keys that hold seeds of the loop's own."""

    provider: str
    """Who reviews: a meta-LLM that a plugin offers; `automem plugins` lists them."""
    model: str = ""
    """The provider's model, where it has several."""
    options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The provider's own, in a table below the section."""
    gate: str = "two_stage"
    """What says whether a change is kept."""
    gate_options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The gate's own, in a table below the section."""
    fresh: Seeds = "1000 from 20000"
    """Seeds for the gate's last stage; each is used for one candidate, and never again."""
    review: ReviewBudget = ReviewBudget()
    """What one review may use, in a table below the section."""


_S = TypeVar("_S", bound=LoopSection)


def read_section(config: RunConfig, struct: type[_S]) -> _S:
    """Check the section and its seeds. Raises ConfigError with the path of the key."""
    key = struct.key
    given: dict[str, Any] = getattr(config, key)
    if not given:
        raise ConfigError(
            f'[{key}] is missing; name at least who reviews, such as\n[{key}]\nprovider = "rules"'
        )
    if "provider" not in given:
        raise ConfigError(f'[{key}] provider is missing; name one, such as provider = "rules"')
    section = read_options(key, struct, given, path=key)
    assert isinstance(section, struct)  # noqa: S101 - what read_options was given
    _check_seeds(config, section)
    return section


def _check_seeds(config: RunConfig, section: LoopSection) -> None:
    """No seed of the loop's own lists may be in another list: what is fresh must be unseen."""
    owner: dict[int, str] = {}
    for name in _LISTS:
        owner |= dict.fromkeys(parse_seeds(getattr(config.seeds, name)), f"[seeds] {name}")
    for name in section.own_lists:
        try:
            numbers = parse_seeds(getattr(section, name))
        except ConfigError as error:
            raise ConfigError(f"[{section.key}] {name}: {error}") from error
        for number in numbers:
            if number in owner:
                raise ConfigError(
                    f"[{section.key}] {name}: seed {number} is also in {owner[number]}; choose a "
                    'range that no list shares, such as "1000 from 20000"'
                )
        owner |= dict.fromkeys(numbers, f"[{section.key}] {name}")
