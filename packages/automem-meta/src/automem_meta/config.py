"""The section `[evolve]` of a configuration: who reviews, how often, and what judges the result."""

from __future__ import annotations

from typing import Annotated, Any

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


class EvolveSection(Record):
    """Keys of `[evolve]`."""

    provider: str
    """Who reviews: a meta-LLM that a plugin offers; `automem plugins` lists them."""
    model: str = ""
    """The provider's model, where it has several."""
    options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """`[evolve.options]`: the provider's own."""
    revisions: Count = 5
    """Changes that may be kept, one on top of the other."""
    attempts: Count = 3
    """Fresh attempts at one revision."""
    continuations: Whole = 1
    """How often an attempt that failed is shown its own result and goes on."""
    patience: Count = 2
    """Revisions in a row that may find nothing; then the loop ends."""
    gate: str = "two_stage"
    """What says whether a change is kept."""
    gate_options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """`[evolve.gate_options]`: the gate's own."""
    fresh: Seeds = "1000 from 20000"
    """Seeds for the gate's last stage; each is used for one candidate, and never again."""
    aa: Seeds = "4000 from 40000"
    """Seeds on which `--aa` plays a scaffold against itself."""
    review: ReviewBudget = ReviewBudget()
    """`[evolve.review]`: what one review may use."""
    memory_only: bool = True
    """Also play what is kept without `perceive` and `guard`, and report both; only where it has
    code."""


def read_section(config: RunConfig) -> EvolveSection:
    """Check the section and its seeds. Raises ConfigError with the path of the key."""
    if not config.evolve:
        raise ConfigError(
            '[evolve] is missing; name at least who reviews, such as\n[evolve]\nprovider = "rules"'
        )
    if "provider" not in config.evolve:
        raise ConfigError('[evolve] provider is missing; name one, such as provider = "rules"')
    section = read_options("evolve", EvolveSection, config.evolve, path="evolve")
    assert isinstance(section, EvolveSection)  # noqa: S101 - what read_options was given
    _check_seeds(config, section)
    return section


def _check_seeds(config: RunConfig, section: EvolveSection) -> None:
    """No seed of the loop's own lists may be in another list: what is fresh must be unseen."""
    owner: dict[int, str] = {}
    for name in _LISTS:
        owner |= dict.fromkeys(parse_seeds(getattr(config.seeds, name)), f"[seeds] {name}")
    for name in ("fresh", "aa"):
        try:
            numbers = parse_seeds(getattr(section, name))
        except ConfigError as error:
            raise ConfigError(f"[evolve] {name}: {error}") from error
        for number in numbers:
            if number in owner:
                raise ConfigError(
                    f"[evolve] {name}: seed {number} is also in {owner[number]}; choose a range "
                    'that no list shares, such as "1000 from 20000"'
                )
        owner |= dict.fromkeys(numbers, f"[evolve] {name}")
