"""Playing one side of a comparison on seeds: what is there is read, the rest is played."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automem.evaluate.evaluator import evaluate, open_scaffold, read_evaluation
from automem.evaluate.plan import EvaluationPlan, plan_evaluation
from automem.evaluate.progress import Progress, settle
from automem.evaluate.replay import read_plan
from automem.evaluate.statistics import mean_and_error, stratified
from automem.loops.purse import Purse
from automem.models.lone import OpenRouter
from automem.models.router import open_router
from automem.plugins import Plugins
from automem.records.config import AgentSection, RoleSection, RunConfig, ScaffoldSection
from automem.records.ledger import PlayCost
from automem.records.result import EpisodeResult, Evaluation
from automem.review.view import scaffold_folder
from automem.run.layout import RunFolder
from automem.scaffold.load import Scaffold, load_scaffold

Show = Callable[[Progress, str], AbstractAsyncContextManager[None]]
"""Shows the progress of one evaluation, under a title, while it is played."""


@asynccontextmanager
async def unseen(progress: Progress, title: str) -> AsyncGenerator[None]:
    """Shows nothing."""
    del progress, title
    yield


@dataclass(frozen=True, slots=True)
class Side:
    """What plays: a scaffold, or an agent without one, and who keeps its memory."""

    scaffold: Path | None
    """Its folder; None for an agent that plays without."""
    adapter: str | None = None
    """Folder of the memory role's adapter; None is the configuration's, mostly none."""
    memory_only: bool = False
    """Without `perceive` and `guard` of the scaffold."""
    agent: AgentSection | None = None
    """None is the configuration's."""


@dataclass(frozen=True, slots=True)
class Played:
    """The episodes of one side on some seeds."""

    episodes: dict[tuple[str, int], EpisodeResult]
    """By task and seed, in the order of the seeds asked for."""
    evaluations: tuple[str, ...]
    """Keys of the evaluations they are parts of."""

    @property
    def cost(self) -> PlayCost:
        """What they came to when they were played."""
        return sum(map(_cost, self.episodes.values()), PlayCost())

    @property
    def points(self) -> dict[tuple[str, int], float]:
        """Progression in percent, by task and seed."""
        return {pair: 100 * result.progression for pair, result in self.episodes.items()}

    @property
    def mean(self) -> tuple[float, float | None]:
        """Mean progression in percent and its standard error, tasks being strata."""
        strata: dict[str, list[float]] = {}
        for (task, _), points in self.points.items():
            strata.setdefault(task, []).append(points)
        values = list(strata.values())
        return stratified(values) if len(values) > 1 else mean_and_error(values[0])


@dataclass(slots=True)
class Player:
    """Plays the scaffolds of one run."""

    config: RunConfig
    plugins: Plugins
    run: RunFolder
    purse: Purse
    show: Show = unseen
    models: OpenRouter = open_router
    """Opens the models of each evaluation."""
    _complete: dict[str, Evaluation] = field(default_factory=dict[str, Evaluation])

    def keep(self, source: str) -> Scaffold:
        """The run's own copy of a scaffold. Raises ScaffoldError, ConfigError."""
        scaffold = open_scaffold(self._config(Side(None), source), self.plugins, self.run)
        assert scaffold is not None  # noqa: S101 - the agent was checked before
        return scaffold

    def folder(self, digest: str) -> Path:
        """The run's copy of a scaffold, by its hash. Raises RunError where it is lost."""
        return scaffold_folder(self.run, digest)

    def plan(self, side: Side, seeds: Sequence[int]) -> EvaluationPlan:
        """What an evaluation of a side on these seeds would be."""
        scaffold = None if side.scaffold is None else load_scaffold(side.scaffold)
        return plan_evaluation(self._config(side), self.plugins, scaffold, tuple(seeds))

    def has(self, side: Side, seed: int) -> bool:
        """Whether a side was played on a seed, in every task."""
        plan = self.plan(side, (seed,))
        found = self._found(plan)
        return all((task, seed) in found for task in plan.tasks)

    async def play(self, side: Side, seeds: Sequence[int], title: str) -> Played:
        """The episodes of a side on these seeds. Raises what `evaluate` raises."""
        plan = self.plan(side, seeds)
        found = self._found(plan)
        missing = tuple(
            [seed for seed in seeds if any((task, seed) not in found for task in plan.tasks)]
        )
        if missing:
            await self._evaluate(side, missing, title)
            found = self._found(plan)
        wanted = [(task, seed) for seed in seeds for task in plan.tasks]
        keys = dict.fromkeys(found[each][1] for each in wanted)
        return Played({each: found[each][0] for each in wanted}, tuple(keys))

    async def _evaluate(self, side: Side, seeds: tuple[int, ...], title: str) -> None:
        plan = self.plan(side, seeds)
        limits = self.purse.left(self.run.evaluation(plan.key).path)
        config = msgspec.structs.replace(self._config(side), limits=limits)
        progress = Progress(title=plan.name)
        async with self.show(progress, title):
            evaluation = await evaluate(
                config,
                self.plugins,
                self.run,
                progress=progress,
                seeds=seeds,
                models=self.models,
            )
            settle(progress, evaluation)

    def _found(self, plan: EvaluationPlan) -> dict[tuple[str, int], tuple[EpisodeResult, str]]:
        """Every episode of this plan in any complete evaluation of the run, on any seeds."""
        # Keys and not records: a tuple among the options comes back from a file as a list.
        wanted = msgspec.structs.replace(plan, seeds=()).key
        found: dict[tuple[str, int], tuple[EpisodeResult, str]] = {}
        for folder in self.run.evaluations():
            if not folder.evaluation.exists():
                continue
            if msgspec.structs.replace(read_plan(folder), seeds=()).key != wanted:
                continue
            key = folder.path.name
            if key not in self._complete:
                self._complete[key] = read_evaluation(folder)
            for result in self._complete[key].episodes:
                found.setdefault((result.task, result.seed), (result, key))
        return found

    def _config(self, side: Side, source: str = "") -> RunConfig:
        """The run's configuration for one side; `source` names a scaffold that is not kept yet."""
        return msgspec.structs.replace(
            self.config,
            agent=side.agent or self.config.agent,
            scaffold=ScaffoldSection(source=source or str(side.scaffold or "")),
            roles=_with_adapter(self.config.roles, side.adapter),
            evaluation=msgspec.structs.replace(
                self.config.evaluation, memory_only=side.memory_only
            ),
        )


def _with_adapter(roles: Mapping[str, RoleSection], adapter: str | None) -> dict[str, RoleSection]:
    """The same roles; the memory role with this adapter, where there is one."""
    if adapter is None:
        return dict(roles)
    memory = msgspec.structs.replace(roles.get("memory", RoleSection()), adapter=adapter)
    return {**roles, "memory": memory}


def settings_of(plan: EvaluationPlan) -> str:
    """A hash of all that makes results comparable, whatever the scaffold and the seeds."""
    bare = msgspec.structs.replace(plan, scaffold="", scaffold_name="", seeds=())
    return msgspec.structs.replace(bare, memory_only=msgspec.UNSET).key


def total(parts: Iterable[Played]) -> PlayCost:
    """What several plays came to."""
    return sum([part.cost for part in parts], PlayCost())


def _cost(result: EpisodeResult) -> PlayCost:
    totals = result.totals
    return PlayCost(
        episodes=1,
        steps=totals.steps,
        tokens=totals.usage.input_tokens + totals.usage.output_tokens,
        cost=totals.cost,
        seconds=totals.seconds,
    )
