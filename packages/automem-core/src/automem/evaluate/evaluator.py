"""Plays the episodes of an evaluation, many at once, and sums them up when all are complete."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import anyio
import msgspec
import structlog

from automem.agent.making import plays_by_scaffold
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.errors import (
    AutoMemError,
    ConfigError,
    EvaluationError,
    EvaluationUnfinished,
    LimitReached,
    ScaffoldError,
    TraceError,
)
from automem.evaluate.candidate import recordings_of, try_out
from automem.evaluate.coding import CodePlay, code_play
from automem.evaluate.episodes import Stage, play_episode, read_result
from automem.evaluate.plan import EvaluationPlan, environment_options, plan_evaluation
from automem.evaluate.progress import EpisodeProgress, Progress
from automem.evaluate.summary import summarize
from automem.files import write_json
from automem.models.engines import require_engine_prices
from automem.models.lone import OpenRouter
from automem.models.router import Router, open_router
from automem.plugins import Plugins
from automem.processes.pool import EnvironmentPool, open_pool
from automem.protocols import Subscriber
from automem.records.config import RunConfig
from automem.records.environment import EnvironmentInfo
from automem.records.result import EpisodeResult, Evaluation, Unfinished
from automem.run.layout import EvaluationFolder, RunFolder
from automem.run.status import note_jail
from automem.scaffold.check import check_for_tasks, check_scaffold
from automem.scaffold.content import copy_into
from automem.scaffold.find import find_scaffold
from automem.scaffold.load import Scaffold, load_scaffold
from automem.scaffold.problem import Problem

log = structlog.get_logger()


async def evaluate(
    config: RunConfig,
    plugins: Plugins,
    run: RunFolder,
    *,
    progress: Progress,
    seeds: tuple[int, ...] = (),
    subscribers: Sequence[Subscriber] = (),
    models: OpenRouter = open_router,
) -> Evaluation:
    """The evaluation that `config` asks for, over `seeds` or the list it names.

    `subscribers` are told of every event, as are those that plugins offer. `models` opens the
    router; that of `lone_router` keeps engines from one evaluation to the next.

    Finished episodes are kept, unfinished ones are gone on with from their recorded answers, and
    an evaluation that is complete is read, not played. Raises EvaluationUnfinished if an episode
    could not be finished (the others are), LimitReached at a limit of the run, and ConfigError,
    PluginError, ScaffoldError or ServerError before anything is played.
    """
    scaffold = open_scaffold(config, plugins, run)
    plan = plan_evaluation(config, plugins, scaffold, seeds)
    folder = run.evaluation(plan.key)
    if folder.evaluation.exists():
        return read_evaluation(folder)
    require_engine_prices(config.roles, plugins, config.limits)
    write_json(folder.plan, plan)
    progress.title = plan.name
    code = await code_play(
        scaffold,
        run.code_log,
        unsafe=config.evaluation.unsafe_code,
        memory_only=config.evaluation.memory_only,
    )
    if code is not None:
        note_jail(run, code.report)
    play = _Play(plan=plan, folder=folder, progress=progress)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(
                plugins.get("environment", plan.environment),
                environment_options(config, plugins, scaffold),
                workers=config.evaluation.workers,
                logs=run.logs,
            )
        )
        # An engine takes minutes to start: what would not be played is refused before.
        await _check_against_game(scaffold, plan, pool, code, plugins)
        router = await stack.enter_async_context(
            models(config.roles, plugins, logs=run.logs, tell=progress.notices.append)
        )
        router.require_prices(config.limits)
        budget = RunBudget.of(config.limits)
        trackers = (*subscribers, *plugins.subscribers(run))
        stage = Stage(plan, scaffold, router, pool, budget, code, trackers)
        await play.all(stage, router, config.evaluation.episodes_at_once)
    if play.limit is not None:
        also = f"\n{_told(play)}" if play.unfinished else ""
        raise LimitReached(f"{play.limit}{also}") from play.limit
    if play.unfinished:
        raise EvaluationUnfinished(_told(play), scaffold_failed=play.scaffold_failed)
    evaluation = summarize(plan, [play.results[job] for job in play.jobs()])
    write_json(folder.evaluation, evaluation)
    return evaluation


def read_evaluation(folder: EvaluationFolder) -> Evaluation:
    """A complete evaluation. Raises EvaluationError if there is none, or it is damaged."""
    try:
        return msgspec.json.decode(folder.evaluation.read_bytes(), type=Evaluation)
    except FileNotFoundError as error:
        raise EvaluationError(f"the evaluation in {folder.path} is not complete") from error
    except msgspec.MsgspecError as error:
        raise EvaluationError(f"{folder.evaluation} cannot be read: {error}") from error


def open_scaffold(config: RunConfig, plugins: Plugins, run: RunFolder) -> Scaffold | None:
    """The scaffold that is played, checked and copied into the run; None for baselines.

    Raises ConfigError, ScaffoldError.
    """
    if not plays_by_scaffold(config.agent):
        return None
    if not config.scaffold.source:
        raise ConfigError('scaffold.from is not set; name one, such as from = "crafter-v0"')
    source = find_scaffold(config.scaffold.source, plugins.scaffolds(), plugins.load)
    scaffold = load_scaffold(source)
    _refuse_problems(scaffold, check_scaffold(scaffold))
    return load_scaffold(copy_into(source, run.scaffolds))


async def _check_against_game(
    scaffold: Scaffold | None,
    plan: EvaluationPlan,
    pool: EnvironmentPool,
    code: CodePlay | None,
    plugins: Plugins,
) -> None:
    """Refuse a scaffold whose actions the game does not know, or whose code fails in a dry run.

    Raises ScaffoldError.
    """
    if scaffold is None:
        return
    infos: dict[str, EnvironmentInfo] = {}
    for task in plan.tasks:
        async with pool.session(task) as session:
            infos[task] = session.info
    _refuse_problems(scaffold, check_for_tasks(scaffold, infos))
    if code is not None:
        recorded = recordings_of(plan.environment, plugins)
        tried = await try_out(scaffold, recorded=recorded, games=infos, code=code)
        _refuse_problems(scaffold, tried)


def _refuse_problems(scaffold: Scaffold, problems: Sequence[Problem]) -> None:
    if problems:
        listed = "\n".join(f"  {problem.where}: {problem.text}" for problem in problems)
        raise ScaffoldError(f"the scaffold {scaffold.manifest.name} cannot be played:\n{listed}")


@dataclass(slots=True)
class _Play:
    """The episodes of one evaluation while they are played."""

    plan: EvaluationPlan
    folder: EvaluationFolder
    progress: Progress
    results: dict[tuple[str, int], EpisodeResult] = field(
        default_factory=dict[tuple[str, int], EpisodeResult]
    )
    unfinished: list[Unfinished] = field(default_factory=list[Unfinished])
    scaffold_failed: bool = True
    """Whether every episode that is unfinished is so because of the scaffold's own code."""
    limit: LimitReached | None = None

    def jobs(self) -> list[tuple[str, int]]:
        """Task and seed of every episode, in the order of tables."""
        return [(task, seed) for task in self.plan.tasks for seed in self.plan.seeds]

    async def all(self, stage: Stage, router: Router, at_once: int | None) -> None:
        """Play every episode that has no result yet."""
        jobs = self.jobs()
        places = anyio.CapacityLimiter(at_once or len(jobs))
        for task, seed in jobs:
            self.progress.episodes[task, seed] = EpisodeProgress(task, seed, max_steps=0)
            self._count_finished(stage, task, seed)
        async with anyio.create_task_group() as group:
            group.start_soon(_watch, router, self.progress, group.cancel_scope)
            async with anyio.create_task_group() as episodes:
                for task, seed in jobs:
                    episodes.start_soon(self._one, stage, task, seed, places)
            group.cancel_scope.cancel()

    def _count_finished(self, stage: Stage, task: str, seed: int) -> None:
        """What an earlier invocation spent on finished episodes is spent."""
        with suppress(TraceError):  # told when the episode's turn comes
            result = read_result(self.folder.episode(task, seed))
            if result is not None:
                spent = result.totals
                tokens = spent.usage.input_tokens + spent.usage.output_tokens
                name = self._job(task, seed).name
                stage.budget.count(name, result.restarts, tokens, spent.cost)

    def _job(self, task: str, seed: int) -> EpisodeJob:
        return EpisodeJob(
            environment=self.plan.environment,
            task=task,
            seed=seed,
            max_steps=self.plan.max_steps,
            limits=self.plan.limits,
            key=self.plan.key,
        )

    async def _one(self, stage: Stage, task: str, seed: int, places: anyio.CapacityLimiter) -> None:
        job = self._job(task, seed)
        folder = self.folder.episode(task, seed)
        progress = self.progress.episodes[task, seed]
        async with places:
            if self.limit is not None:
                # It would play its recording only to meet the same limit.
                progress.state = "unfinished"
                return
            try:
                result = await play_episode(stage, job, folder, progress)
            except LimitReached as limit:
                # The others reach it at their next call; cancelling them would waste the calls
                # that are in flight.
                self.limit = limit
                progress.state = "unfinished"
                progress.note = str(limit)
            except AutoMemError as error:
                self._leave(progress, error, str(error))
                log.error("episode_unfinished", episode=job.name, error=str(error))
            except Exception as error:
                self._leave(progress, error, f"{type(error).__name__}: {error}")
                log.exception("episode_failed", episode=job.name)
            else:
                self.results[task, seed] = result
                progress.state = "done"
                progress.step = result.totals.steps
                progress.progression = result.progression
                progress.cost = result.totals.cost
                progress.tokens = (
                    result.totals.usage.input_tokens + result.totals.usage.output_tokens
                )

    def _leave(self, progress: EpisodeProgress, error: Exception, cause: str) -> None:
        self.scaffold_failed &= isinstance(error, ScaffoldError)
        self.unfinished.append(Unfinished(task=progress.task, seed=progress.seed, cause=cause))
        progress.state = "unfinished"
        progress.note = cause


async def _watch(router: Router, progress: Progress, scope: anyio.CancelScope) -> None:
    """Carry the models' counts over to what the display reads, the last ones too."""
    try:
        while not scope.cancel_called:
            _carry(router, progress)
            await anyio.sleep(0.25)
    finally:
        _carry(router, progress)


def _carry(router: Router, progress: Progress) -> None:
    activity = router.activity
    progress.calls_in_flight = activity.in_flight
    progress.calls_waiting = activity.waiting
    progress.calls_done = activity.done
    progress.retries = activity.retries


def _told(play: _Play) -> str:
    """Which episodes are unfinished, why, and what to do."""
    causes: dict[str, list[str]] = {}
    for one in play.unfinished:
        causes.setdefault(one.cause, []).append(f"{one.task}/{one.seed}")
    listed = "\n".join(f"  {', '.join(names)}: {cause}" for cause, names in causes.items())
    return (
        f"{len(play.unfinished)} of {len(play.jobs())} episodes are unfinished, so the "
        f"evaluation has no mean:\n{listed}\n"
        "Mend the cause and start the same again."
    )
