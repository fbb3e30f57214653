"""From scored candidates to what is chosen: best first, within shares of shapes and of episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    ordered = sorted(candidates, key=lambda one: (-one.score, one.id))
    chosen: list[Candidate] = []
    refused: list[tuple[Candidate, str]] = []
    left = ordered
    most = selection.episodes.most_turns
    if most is not None:
        kept = _within_episodes(ordered, selection.shapes, most)
        left = [one for one in ordered if one.id in kept]
        why = f"{most} turns of its episode go before it"
        refused = [(one, why) for one in ordered if one.id not in kept]
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


def candidates_by_pattern(
    candidates: Iterable[Candidate], shares: Mapping[str, float]
) -> Counter[str]:
    """Pattern of shapes -> how many candidates count for it."""
    return Counter(_group(one.shape, shares) for one in candidates)


def _within_episodes(
    ordered: Sequence[Candidate], shares: Mapping[str, float], most: int
) -> frozenset[str]:
    """Ids of `most` turns of each episode: each pattern up to its share first, then the best."""
    limits = {pattern: _most_of(share, most) for pattern, share in shares.items()}
    limits[""] = most - sum(limits.values())
    taken: Counter[tuple[str, str]] = Counter()
    of_episode: Counter[str] = Counter()
    kept: set[str] = set()
    for one in ordered:
        group = _group(one.shape, shares)
        if taken[one.episode, group] < limits[group]:
            taken[one.episode, group] += 1
            of_episode[one.episode] += 1
            kept.add(one.id)
    for one in ordered:
        if one.id not in kept and of_episode[one.episode] < most:
            of_episode[one.episode] += 1
            kept.add(one.id)
    return frozenset(kept)


def _group(shape: str, shares: Mapping[str, float]) -> str:
    """The first pattern that a shape matches; empty for none."""
    return next((pattern for pattern in shares if fnmatchcase(shape, pattern)), "")


def _limits(there: Counter[str], shares: Mapping[str, float], most: int | None) -> dict[str, int]:
    """How many each pattern takes; under the empty one, the shapes that match none."""
    total = there.total()
    size = total if most is None else min(total, most)
    # Every size that can be reached is at most what any larger one can reach, so going down from
    # the top ends at the largest of them.
    while (reachable := sum(_taken(size, there, shares).values())) < size:
        size = reachable
    return _taken(size, there, shares)


def _taken(size: int, there: Counter[str], shares: Mapping[str, float]) -> dict[str, int]:
    """What a set of `size` takes of each pattern, and of the rest; less where there is less."""
    named = sum(shares.values())
    # Where the rest has too few, the patterns share its place in their proportions.
    whole = max(size, (size - there[""]) / named) if named else 0
    taken = {
        pattern: min(there[pattern], _most_of(share, whole)) for pattern, share in shares.items()
    }
    return {**taken, "": min(there[""], size - sum(taken.values()))}


def _most_of(share: float, size: float) -> int:
    """So many turns of `size` are a share; the rounding of numbers such as 0.29 does not count."""
    return int(share * size + 1e-9)
