"""`--aa`: a scaffold gated against itself, to see how often the gate takes noise for progress.

Both sides of a pair must be two independent plays, and some players play a seed the same way every
time. So the sides are played on different seeds: pair k compares the k-th seed of one block with
the k-th of another. That is harder on the gate than its own use, where both sides share a seed,
but no less fair: the pairs are exchangeable, which is all that its test assumes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from automem.errors import ConfigError
from automem.loops.playing import Played, Player, Side, total
from automem.loops.versions import Version
from automem.protocols import Gate
from automem.records.gate import Pair
from automem.records.repeats import FalseAccepts, Repeat

NINETY_FIVE = 1.959963984540054
"""Standard deviations on either side of 95 % of a normal distribution."""


async def gate_against_itself(
    gate: Gate, gate_name: str, player: Player, version: Version, seeds: Sequence[int], times: int
) -> FalseAccepts:
    """Gate a version against itself so many times; nothing is played twice.

    Raises ConfigError where there are too few seeds, and what playing raises.
    """
    block = 2 * gate.most_seeds
    if len(seeds) < block * times:
        raise ConfigError(
            f"[evolve] aa: {times} repetitions may need {block * times} seeds ({block} each), and "
            f"there are {len(seeds)}"
        )
    repeats: list[Repeat] = []
    plays: list[Played] = []
    for number in range(times):
        own = seeds[number * block : (number + 1) * block]
        title = f"A/A {number + 1} of {times}, {sum(r.accepted for r in repeats)} accepted"
        repeats.append(await _once(gate, player, version, own, number + 1, title, plays))
    accepted = sum(repeat.accepted for repeat in repeats)
    return FalseAccepts(
        scaffold=version.hash,
        name=version.name,
        gate=gate_name,
        repeats=tuple(repeats),
        accepted=accepted,
        rate=accepted / times,
        interval=wilson(accepted, times),
        cost=total(plays),
    )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, which stays within 0 and 1 and works for none and for all."""
    z2 = NINETY_FIVE**2
    share = hits / of
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    reach = NINETY_FIVE / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


async def _once(
    gate: Gate,
    player: Player,
    version: Version,
    seeds: Sequence[int],
    number: int,
    title: str,
    plays: list[Played],
) -> Repeat:
    left, right = seeds[: gate.most_seeds], seeds[gate.most_seeds :]
    pairs: list[Pair] = []
    used = 0
    verdict = gate.judge(pairs)
    while verdict.decision == "more":
        more = slice(used, verdict.seeds)
        played = await player.play(
            Side(player.folder(version.hash)),
            [*left[more], *right[more]],
            f"{title}, {verdict.seeds} seeds",
        )
        plays.append(played)
        pairs += _across(played, left[more], right[more])
        used = verdict.seeds
        verdict = gate.judge(pairs)
    return Repeat(
        number=number,
        accepted=verdict.decision == "keep",
        why=verdict.why,
        seeds=used,
        difference=100 * sum(pair.difference for pair in pairs) / max(1, len(pairs)),
        p=verdict.p,
    )


def _across(played: Played, left: Sequence[int], right: Sequence[int]) -> list[Pair]:
    """One pair for each task and place in the blocks; the left seed gives it its number."""
    tasks = dict.fromkeys(task for task, _ in played.episodes)
    return [
        Pair(
            task=task,
            seed=one,
            before=played.episodes[task, one].progression,
            after=played.episodes[task, other].progression,
        )
        for one, other in zip(left, right, strict=True)
        for task in tasks
    ]
