"""From scored candidates to what is chosen: best first, within shares of shapes and of episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from automem_train.select.selection import Selection


class Candidate(NamedTuple):
    """One turn that may be chosen."""

    score: float
    id: str
    shape: str
    stratum: str
    episode: str


def choose(
    candidates: Iterable[Candidate], selection: Selection
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """What is chosen, and what is not, with the reason; the highest scores first, then ids.

    Each pattern of shapes takes its share, best first, and what matches none fills the rest; of
    all sizes, the largest is taken for which the shares hold.
    """
    chosen: list[Candidate] = []
    refused: list[tuple[Candidate, str]] = []
    most = selection.episodes.most_turns
    of_episode = Counter[str]()
    left: list[Candidate] = []
    for one in sorted(candidates, key=lambda one: (-one.score, one.id)):
        if most is not None and of_episode[one.episode] >= most:
            refused.append((one, f"its episode has {most} turns already"))
            continue
        of_episode[one.episode] += 1
        left.append(one)
    groups = [_group(one.shape, selection.shapes) for one in left]
    limits = _limits(Counter(groups), selection.shapes, selection.most)
    taken = Counter[str]()
    for one, group in zip(left, groups, strict=True):
        if taken[group] < limits[group]:
            taken[group] += 1
            chosen.append(one)
        else:
            what = f" of {group}" if group else ""
            refused.append((one, f"{limits[group]} better ones{what} were chosen"))
    return chosen, refused


def _group(shape: str, shares: Mapping[str, float]) -> str:
    """The first pattern that a shape matches; empty for none."""
    return next((pattern for pattern in shares if fnmatchcase(shape, pattern)), "")


def _limits(there: Counter[str], shares: Mapping[str, float], most: int | None) -> dict[str, int]:
    """How many each pattern takes; under the empty one, the shapes that match none."""
    total = sum(there.values())
    size = total if most is None else min(total, most)
    # Every size that can be reached is at most what any larger one can reach, so going down from
    # the top ends at the largest of them.
    while (reachable := _reachable(size, there, shares)) < size:
        size = reachable
    limits = {pattern: min(there[pattern], _most_of(shares[pattern], size)) for pattern in shares}
    return {**limits, "": size - sum(limits.values())}


def _reachable(size: int, there: Counter[str], shares: Mapping[str, float]) -> int:
    """How many turns a set of `size` could have within the shares."""
    return sum(
        min(count, _most_of(shares[group], size) if group else count)
        for group, count in there.items()
    )


def _most_of(share: float, size: int) -> int:
    """So many turns of `size` are a share; the rounding of numbers such as 0.29 does not count."""
    return int(share * size + 1e-9)
