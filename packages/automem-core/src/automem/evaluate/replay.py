"""Proves a recorded episode again: plays it with its recorded answers and compares every event."""

from __future__ import annotations

import msgspec

from automem.episode.answers import NoAnswers
from automem.episode.folder import EpisodeFolder
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.episode.progress import EpisodeProgress
from automem.episode.reader import open_trace
from automem.episode.recorder import recorder_of
from automem.errors import EvaluationError, ReplayMismatch, ScaffoldError
from automem.evaluate.coding import code_play
from automem.evaluate.episodes import Stage, make_runner, open_code
from automem.evaluate.plan import EvaluationPlan
from automem.plugins import Plugins
from automem.processes.pool import open_pool
from automem.records._struct import Record
from automem.records.config import LimitsSection
from automem.run.layout import EvaluationFolder, RunFolder
from automem.scaffold.load import Scaffold, load_scaffold


class ReplayReport(Record):
    """What came of playing a recorded episode again."""

    steps: int
    """Steps in the trace."""
    matched: int
    """Steps before the first difference."""
    difference: str | None
    """The first difference; None where everything came out the same."""
    finished: bool
    """Whether the trace has an end."""


async def replay_episode(
    run: RunFolder,
    evaluation: EvaluationFolder,
    folder: EpisodeFolder,
    plugins: Plugins,
    progress: EpisodeProgress | None = None,
) -> ReplayReport:
    """Play a recorded episode in its own environment and scaffold, asking no model.

    Raises TraceError, EvaluationError, ScaffoldError where the run folder lacks what is needed,
    and EnvironmentFailure.
    """
    plan = read_plan(evaluation)
    trace = open_trace(folder)
    job = EpisodeJob(
        environment=plan.environment,
        task=trace.started.info.task,
        seed=trace.started.seed,
        max_steps=plan.max_steps,
        limits=plan.limits,
        key=trace.started.key,
        restarts=trace.started.restarts,
    )
    spec = plugins.get("environment", plan.environment)
    shown = progress or EpisodeProgress(job.task, job.seed, max_steps=trace.count)
    recorder = recorder_of(trace.events(), None)
    scaffold = _scaffold(run, plan)
    code = await code_play(
        scaffold,
        run.code_log,
        unsafe=trace.started.jail == "none",
        memory_only=bool(plan.memory_only),
    )
    async with open_pool(spec, plan.options, workers=1, logs=run.logs) as pool:
        stage = Stage(plan, scaffold, NoAnswers(), pool, _unlimited(), code)
        async with open_code(stage) as caller, pool.session(job.task) as session:
            runner = make_runner(stage, job, session, recorder, shown, None, caller)
            try:
                await runner.play()
            except ReplayMismatch as error:
                if trace.ended is None and not recorder.replaying:
                    return _report(trace.count, trace.count, None, finished=False)
                return _report(
                    trace.count, shown.step, str(error), finished=trace.ended is not None
                )
    return _report(trace.count, trace.count, None, finished=True)


def read_plan(evaluation: EvaluationFolder) -> EvaluationPlan:
    """What an evaluation folder is about. Raises EvaluationError."""
    try:
        return msgspec.json.decode(evaluation.plan.read_bytes(), type=EvaluationPlan)
    except (FileNotFoundError, msgspec.MsgspecError) as error:
        raise EvaluationError(f"{evaluation.plan} cannot be read: {error}") from error


def _scaffold(run: RunFolder, plan: EvaluationPlan) -> Scaffold | None:
    if not plan.scaffold:
        return None
    for folder in run.scaffolds.glob(f"{plan.scaffold}-*"):
        return load_scaffold(folder)
    raise ScaffoldError(f"the scaffold {plan.scaffold} is not in {run.scaffolds}")


def _unlimited() -> RunBudget:
    return RunBudget.of(LimitsSection())


def _report(steps: int, matched: int, difference: str | None, *, finished: bool) -> ReplayReport:
    return ReplayReport(steps=steps, matched=matched, difference=difference, finished=finished)
