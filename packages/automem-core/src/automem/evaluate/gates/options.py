"""What can be set of each gate: `[evolve.gate_options]`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from automem.records._struct import Record

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0.0, lt=1.0)]
Pairs = Annotated[int, Meta(ge=2)]


class PaperOptions(Record):
    """Of `paper`."""

    seeds: Positive = 10
    """Search seeds, all played at once."""


class SignFlipOptions(Record):
    """Of `signflip`."""

    seeds: Positive = 10
    """Search seeds in all."""
    alpha: Share = 0.20
    """Kept where the one-sided p is at most this."""
    look_every: Positive = 5
    """Seeds played between two looks; fewer drops the hopeless earlier, and plays fewer at once."""
    futility_from: Pairs = 4
    """Pairs from which on a candidate is dropped where mean + 1 SE is below zero."""


class TwoStageOptions(Record):
    """Of `two_stage`."""

    first: Positive = 5
    """Search seeds, after which a candidate is dropped unless its mean difference is positive."""
    second: Positive = 10
    """Search seeds in all, after which the same holds."""
    fresh: Positive = 10
    """Seeds that no earlier candidate was played on; then all pairs are judged together."""
    alpha: Share = 0.10
    """Kept where the one-sided p of all pairs is at most this."""
    look_every: Positive = 5
    """Seeds played between two looks; fewer drops the hopeless earlier, and plays fewer at once."""
    futility_from: Pairs = 4
    """Pairs from which on a candidate is dropped where mean + 1 SE is below zero."""
