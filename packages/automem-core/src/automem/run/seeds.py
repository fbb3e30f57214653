"""Seed lists: from what a configuration says to the numbers that are played."""

from __future__ import annotations

import re
from collections.abc import Mapping

from automem.errors import ConfigError
from automem.records.config import Seeds, SeedsSection

MOST_SEEDS = 100_000
"""A longer list is a slip of the pen, not an experiment."""

_COUNT_FROM = re.compile(r"\s*(\d{1,12})\s+from\s+(\d{1,18})\s*")
_PART = re.compile(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?")


def parse_seeds(seeds: Seeds) -> tuple[int, ...]:
    """The seeds of a list, `42`, `100 from 1000`, `42-51`, or `42, 45, 50-52`, in that order.

    Raises ConfigError for text that cannot be read, negative numbers and repeated seeds.
    """
    if isinstance(seeds, int):
        seeds = (seeds,)
    numbers = seeds if isinstance(seeds, tuple) else _parse_text(seeds)
    seen: set[int] = set()
    for number in numbers:
        if number < 0:
            raise ConfigError(f"seed {number} is negative; seeds are 0 or more")
        if number in seen:
            raise ConfigError(f"seed {number} is named twice; every seed is played once")
        seen.add(number)
    return tuple(numbers)


def check_disjoint(section: SeedsSection) -> None:
    """Refuse seed lists that share a seed: what was searched on must not be reported on."""
    lists: Mapping[str, Seeds] = {
        "search": section.search,
        "train": section.train,
        "report": section.report,
    }
    owner: dict[int, str] = {}
    for name, seeds in lists.items():
        try:
            numbers = parse_seeds(seeds)
        except ConfigError as error:
            raise ConfigError(f"[seeds] {name}: {error}") from error
        for number in numbers:
            if number in owner:
                raise ConfigError(
                    f"[seeds] seed {number} is in `{owner[number]}` and in `{name}`; "
                    "the three lists must share no seed"
                )
            owner[number] = name


def _parse_text(text: str) -> list[int]:
    counted = _COUNT_FROM.fullmatch(text)
    if counted is not None:
        count, first = int(counted[1]), int(counted[2])
        return _span(text, first, first + count - 1)
    numbers: list[int] = []
    for part in text.split(","):
        matched = _PART.fullmatch(part)
        if matched is None:
            raise ConfigError(
                f'cannot read the seeds {text!r}; write [42, 43], "42-51" or "100 from 1000"'
            )
        first = int(matched[1])
        numbers += _span(text, first, first if matched[2] is None else int(matched[2]))
    return numbers


def _span(text: str, first: int, last: int) -> list[int]:
    if last < first:
        raise ConfigError(f"the seeds {text!r} are an empty range")
    if last - first >= MOST_SEEDS:
        raise ConfigError(f"the seeds {text!r} are more than {MOST_SEEDS:,}")
    return list(range(first, last + 1))
