"""Playing a scaffold on seeds: what is there is read, and only what is missing is played."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automem.cli.playing import settle
from automem.evaluate.evaluator import evaluate, open_scaffold, read_evaluation
from automem.evaluate.plan import EvaluationPlan, plan_evaluation
from automem.evaluate.progress import Progress
from automem.evaluate.replay import read_plan
from automem.models.kept import OpenRouter
from automem.models.router import open_router
from automem.plugins import Plugins
from automem.records.config import RunConfig, ScaffoldSection
from automem.records.ledger import PlayCost
from automem.records.result import EpisodeResult, Evaluation
from automem.review.view import scaffold_folder
from automem.run.layout import RunFolder
from automem.scaffold.load import Scaffold, load_scaffold
from automem_meta.evolve.purse import Purse
from automem_meta.evolve.state import Version

Show = Callable[[Progress, str], AbstractAsyncContextManager[None]]
"""Shows the progress of one evaluation, under a title, while it is played."""


@asynccontextmanager
async def unseen(progress: Progress, title: str) -> AsyncGenerator[None]:
    """Shows nothing."""
    del progress, title
    yield


@dataclass(frozen=True, slots=True)
class Played:
    """The episodes of one scaffold on some seeds."""

    episodes: dict[tuple[str, int], EpisodeResult]
    """By task and seed, in the order of the seeds asked for."""
    evaluations: tuple[str, ...]
    """Keys of the evaluations they are parts of."""

    @property
    def cost(self) -> PlayCost:
        """What they came to when they were played."""
        return sum(map(_cost, self.episodes.values()), PlayCost())


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
        scaffold = open_scaffold(self._config(source, memory_only=False), self.plugins, self.run)
        assert scaffold is not None  # noqa: S101 - the agent was checked before
        return scaffold

    def folder(self, version: Version) -> Path:
        """The run's copy of a scaffold. Raises RunError where it is lost."""
        return scaffold_folder(self.run, version.hash)

    def plan(self, folder: Path, seeds: tuple[int, ...], *, memory_only: bool) -> EvaluationPlan:
        """What an evaluation of the scaffold in a folder on these seeds would be."""
        scaffold = load_scaffold(folder)
        config = self._config(str(folder), memory_only=memory_only)
        return plan_evaluation(config, self.plugins, scaffold, seeds)

    def has(self, folder: Path, seed: int) -> bool:
        """Whether a scaffold was played on a seed, in every task."""
        plan = self.plan(folder, (seed,), memory_only=False)
        found = self._found(plan)
        return all((task, seed) in found for task in plan.tasks)

    async def play(
        self, folder: Path, seeds: Sequence[int], title: str, *, memory_only: bool = False
    ) -> Played:
        """The episodes of a scaffold on these seeds. Raises what `evaluate` raises."""
        plan = self.plan(folder, tuple(seeds), memory_only=memory_only)
        found = self._found(plan)
        missing = tuple(
            [seed for seed in seeds if any((task, seed) not in found for task in plan.tasks)]
        )
        if missing:
            await self._evaluate(folder, missing, title, memory_only=memory_only)
            found = self._found(plan)
        wanted = [(task, seed) for seed in seeds for task in plan.tasks]
        keys = dict.fromkeys(found[each][1] for each in wanted)
        return Played({each: found[each][0] for each in wanted}, tuple(keys))

    async def _evaluate(
        self, folder: Path, seeds: tuple[int, ...], title: str, *, memory_only: bool
    ) -> None:
        plan = self.plan(folder, seeds, memory_only=memory_only)
        config = self._config(str(folder), memory_only=memory_only)
        limits = self.purse.left(self.run.evaluation(plan.key).path)
        config = msgspec.structs.replace(config, limits=limits)
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
        wanted = msgspec.structs.replace(plan, seeds=())
        found: dict[tuple[str, int], tuple[EpisodeResult, str]] = {}
        for folder in self.run.evaluations():
            if not folder.evaluation.exists():
                continue
            if msgspec.structs.replace(read_plan(folder), seeds=()) != wanted:
                continue
            key = folder.path.name
            if key not in self._complete:
                self._complete[key] = read_evaluation(folder)
            for result in self._complete[key].episodes:
                found.setdefault((result.task, result.seed), (result, key))
        return found

    def _config(self, source: str, *, memory_only: bool) -> RunConfig:
        return msgspec.structs.replace(
            self.config,
            scaffold=ScaffoldSection(source=source),
            evaluation=msgspec.structs.replace(self.config.evaluation, memory_only=memory_only),
        )


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
