"""The staged gate: plays as many further seeds as it asks for, until it says keep or drop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from automem.errors import ConfigError, EvaluationUnfinished, LimitReached, ScaffoldError
from automem.loops.playing import Played, Player, Side, total
from automem.protocols import Gate
from automem.records.gate import Pair, Verdict
from automem.records.ledger import GateStage, PlayCost


@dataclass(frozen=True, slots=True)
class Seeds:
    """The seeds a candidate may be judged on."""

    search: tuple[int, ...]
    fresh: tuple[int, ...]
    """That no earlier candidate was played on."""
    section: str = "evolve"
    """Of the configuration, which names the fresh ones."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Who is compared."""

    before: Side
    after: Side


@dataclass(slots=True)
class Judgment:
    """What a gate has said so far."""

    stages: list[GateStage] = field(default_factory=list[GateStage])
    pairs: list[Pair] = field(default_factory=list[Pair])
    after: list[Played] = field(default_factory=list[Played])
    fresh_before: list[Played] = field(default_factory=list[Played])
    """The side before, on the seeds that were new to it."""
    fresh: tuple[int, ...] = ()
    """Fresh seeds that were begun, also where the change failed on them."""
    failure: ScaffoldError | EvaluationUnfinished | None = None
    """Why the change cannot be played to the end; then there is no verdict."""

    @property
    def kept(self) -> bool:
        """Whether the change is kept."""
        return bool(self.stages) and self.stages[-1].decision == "keep"

    @property
    def why(self) -> str:
        """The gate's last sentence."""
        return self.stages[-1].why if self.stages else ""

    @property
    def evaluations(self) -> tuple[str, ...]:
        """Keys of what was played with the change."""
        return tuple(dict.fromkeys(key for played in self.after for key in played.evaluations))

    @property
    def cost(self) -> PlayCost:
        """Of the change, and of the side before on fresh seeds; complete evaluations only."""
        return total([*self.after, *self.fresh_before])


async def judge(gate: Gate, player: Player, sides: Sides, seeds: Seeds, title: str) -> Judgment:
    """Play and judge in turns, never an episode more than the gate asks for.

    A change that cannot be played, because of its own texts or code, ends it without a verdict.
    Raises what playing raises else, also where it is the side before that cannot be played, and
    LimitReached where no fresh seed is left.
    """
    judgment = Judgment()
    used: list[int] = []
    verdict = gate.judge([])
    while verdict.decision == "more":
        chosen = further(verdict, seeds, used)
        told = f"{title}, gate stage {verdict.stage or 'next'} ({len(used) + len(chosen)} seeds)"
        judgment.fresh += chosen if verdict.fresh else ()
        before = await player.play(sides.before, chosen, f"{told}: incumbent")
        if verdict.fresh:
            judgment.fresh_before.append(before)
        try:
            after = await player.play(sides.after, chosen, f"{told}: candidate")
        except (ScaffoldError, EvaluationUnfinished) as error:
            judgment.failure = own_failure(error)
            return judgment
        used += chosen
        new = paired(before, after)
        judgment.pairs += new
        judgment.after.append(after)
        asked, verdict = verdict, gate.judge(judgment.pairs)
        judgment.stages.append(stage_of(asked, verdict, new, judgment.pairs))
    return judgment


async def play_bare(
    player: Player, side: Side, seeds: Sequence[int], title: str
) -> Played | ScaffoldError | EvaluationUnfinished:
    """Play a side without `perceive` and `guard`, or say why its code cannot do without them.

    Raises what playing raises else.
    """
    try:
        return await player.play(replace(side, memory_only=True), seeds, title)
    except (ScaffoldError, EvaluationUnfinished) as error:
        return own_failure(error)


def own_failure(
    error: ScaffoldError | EvaluationUnfinished,
) -> ScaffoldError | EvaluationUnfinished:
    """The error where the scaffold itself is its cause. Raises any other."""
    if isinstance(error, ScaffoldError):
        return error
    if not error.scaffold_failed:
        raise error
    return EvaluationUnfinished(f"its code fails in play: {error}", scaffold_failed=True)


def further(verdict: Verdict, seeds: Seeds, used: Sequence[int]) -> tuple[int, ...]:
    """The seeds that a gate asks for, beyond those played. Raises LimitReached, ConfigError."""
    count = verdict.seeds - len(used)
    kind, among = ("fresh", seeds.fresh) if verdict.fresh else ("search", seeds.search)
    offered = [seed for seed in among if seed not in used]
    if count < 1:
        raise ConfigError(f"the gate asks for {verdict.seeds} seeds after {len(used)} were played")
    if len(offered) < count:
        said = f"the gate asks for {count} further {kind} seeds, and {len(offered)} are left"
        if verdict.fresh:
            raise LimitReached(f'{said}; widen [{seeds.section}] fresh, such as "2000 from 20000"')
        raise ConfigError(f"{said}; name more in [seeds] search")
    return tuple(offered[:count])


def paired(before: Played, after: Played) -> list[Pair]:
    """The same task and seed on both sides, in order."""
    return [
        Pair(
            task=task,
            seed=seed,
            before=before.episodes[task, seed].progression,
            after=result.progression,
        )
        for (task, seed), result in after.episodes.items()
    ]


def stage_of(
    asked: Verdict, verdict: Verdict, new: Sequence[Pair], pairs: Sequence[Pair]
) -> GateStage:
    """One judgment as the ledger keeps it."""
    before = 100 * sum(pair.before for pair in pairs) / len(pairs)
    after = 100 * sum(pair.after for pair in pairs) / len(pairs)
    return GateStage(
        stage=asked.stage,
        decision=verdict.decision,
        why=verdict.why,
        fresh=asked.fresh,
        pairs=tuple(new),
        before=before,
        after=after,
        difference=after - before,
        p=verdict.p,
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """How many seeds a gate asks for at most."""

    search: int
    fresh: int


def needs_of(gate: Gate) -> Needs:
    """Found by showing the gate a candidate that is always better."""
    pairs: list[Pair] = []
    counted = {True: 0, False: 0}
    verdict = gate.judge(pairs)
    while verdict.decision == "more" and len(pairs) < verdict.seeds:
        counted[verdict.fresh] += verdict.seeds - len(pairs)
        pairs += [
            Pair(task="", seed=seed, before=0.4, after=0.5 + seed % 2 / 100)
            for seed in range(len(pairs), verdict.seeds)
        ]
        verdict = gate.judge(pairs)
    return Needs(search=counted[False], fresh=counted[True])
