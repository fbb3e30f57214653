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
    if not all(there[pattern] for pattern, share in shares.items() if share):
        return dict.fromkeys((*shares, ""), 0)  # nothing can be balanced with what is not there
    total = there.total()
    size = total if most is None else min(total, most)
    while (taken := _taken(size, there, shares)) is None:
        size -= 1
    return taken


def _taken(size: int, there: Counter[str], shares: Mapping[str, float]) -> dict[str, int] | None:
    """What a set of `size` takes of each pattern and of the rest; None where there is too little.

    Whole turns of every share, and one more where the most is left over, so that no pattern is as
    much as a turn away from its share.
    """
    named = sum(shares.values())
    # Where the rest has too few, the patterns share its place in their proportions.
    whole = max(size, (size - there[""]) / named) if named else 0
    quotas = {pattern: share * whole for pattern, share in shares.items()}
    quotas[""] = max(0.0, size - sum(quotas.values()))
    taken = {pattern: _most_of(1, quota) for pattern, quota in quotas.items()}
    if any(there[pattern] < count for pattern, count in taken.items()):
        return None
    further = sorted(
        (
            pattern
            for pattern, count in taken.items()
            if count < min(quotas[pattern], there[pattern])
        ),
        key=lambda pattern: taken[pattern] - quotas[pattern],
    )
    missing = size - sum(taken.values())
    if missing > len(further):
        return None
    for pattern in further[:missing]:
        taken[pattern] += 1
    return taken


def _most_of(share: float, size: float) -> int:
    """So many turns of `size` are a share; the rounding of numbers such as 0.29 does not count."""
    return int(share * size + 1e-9)
