"""Plays one episode of an evaluation to its result: from nothing, from a recording, or anew."""

from __future__ import annotations

import platform
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
import msgspec
import structlog

from automem.agent.making import make_agent
from automem.episode.answers import Answers
from automem.episode.code import EpisodeCode
from automem.episode.compaction import compact, expand
from automem.episode.desk import EpisodeDesk
from automem.episode.folder import EpisodeFolder
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.episode.progress import EpisodeProgress
from automem.episode.recorder import Listener, Recorder, recorder_of
from automem.episode.recording import cut_torn_end, read_recording
from automem.episode.runner import EpisodeRunner
from automem.episode.writing import TraceWriter
from automem.errors import EnvironmentFailure, PluginError, ReplayMismatch, TraceError
from automem.evaluate.behaviour.episode import Counting
from automem.evaluate.coding import CodePlay
from automem.evaluate.plan import EvaluationPlan, agent_text
from automem.files import write_json
from automem.memory.store import MemoryStore
from automem.processes.pool import EnvironmentPool
from automem.protocols import EnvironmentSession, Subscriber
from automem.records.environment import EnvironmentInfo
from automem.records.result import EpisodeResult
from automem.records.scaffold import ActionRule, Manifest
from automem.records.trace import AnyEvent, Started
from automem.run.provenance import versions
from automem.scaffold.code import Caller
from automem.scaffold.load import Scaffold

ENVIRONMENT_TRIES = 3
"""A game that crashes is started again and the episode goes on; after so many crashes without a
step in between it is given up."""
MOST_RESTARTS = 3
"""An episode whose recording does not play again is begun anew at most this often."""
MOST_COMPACTING = 2
"""Each compaction takes tens of megabytes while it lasts."""

log = structlog.get_logger()


@dataclass(slots=True)
class Stage:
    """What the episodes of one evaluation share."""

    plan: EvaluationPlan
    scaffold: Scaffold | None
    answers: Answers
    pool: EnvironmentPool
    budget: RunBudget
    code: CodePlay | None = None
    """How the scaffold's code is played; None where it has none."""
    subscribers: Sequence[Subscriber] = ()
    compacting: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(MOST_COMPACTING)
    )
    """Episodes that end together must not all be compacted together."""
    versions: Mapping[str, str] = field(default_factory=versions)
    """Of AutoMem's packages and of the plugins, as every trace names them."""


async def play_episode(
    stage: Stage, job: EpisodeJob, folder: EpisodeFolder, progress: EpisodeProgress
) -> EpisodeResult:
    """The result of one episode; a finished one is read, an unfinished one gone on with.

    Raises what leaves it unfinished: EnvironmentFailure, ModelError, LimitReached, ScaffoldError,
    TraceError.
    """
    result = read_result(folder)
    if result is not None and (result.environment, result.task, result.seed) != job.place:
        raise TraceError(
            f"{folder.result} is of {result.environment}/{result.task}/{result.seed}, not of "
            f"{job.name}; remove {folder.path} to play the episode anew"
        )
    if result is None:
        await anyio.to_thread.run_sync(expand, folder)
        played = await _play(stage, job, folder, progress)
        slots = stage.scaffold.for_task(job.task).manifest.inject if stage.scaffold else ()
        counting = Counting(slots)
        # A result that a kill prevents is made again from the compacted trace.
        await anyio.to_thread.run_sync(compact, folder, counting.add, limiter=stage.compacting)
        result = msgspec.structs.replace(played, behaviour=counting.sum())
        write_json(folder.result, result)
        for subscriber in stage.subscribers:
            subscriber.on_result(result)
    elif folder.trace.exists():
        await anyio.to_thread.run_sync(compact, folder, limiter=stage.compacting)
    return result


def read_result(folder: EpisodeFolder) -> EpisodeResult | None:
    """The result of a finished episode; None for another. Raises TraceError for a damaged one."""
    try:
        return msgspec.json.decode(folder.result.read_bytes(), type=EpisodeResult)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise TraceError(
            f"{folder.result} cannot be read: {error}; remove it, and the same command makes "
            "it again from the trace"
        ) from error


async def _play(
    stage: Stage, job: EpisodeJob, folder: EpisodeFolder, progress: EpisodeProgress
) -> EpisodeResult:
    crashes = reached = 0
    while True:
        restarts = len(_abandoned(folder))
        begun = msgspec.structs.replace(job, restarts=restarts)
        try:
            return await _play_once(stage, begun, folder, progress)
        except EnvironmentFailure as error:
            # A worker holds many games: one that got further is not the one that crashes it.
            crashes = crashes + 1 if progress.step <= reached else 1
            reached = max(reached, progress.step)
            if crashes >= ENVIRONMENT_TRIES:
                raise
            progress.note = f"environment failed, started again: {error}"
            log.warning("environment_failed", episode=job.name, error=str(error), tries=crashes)
        except ReplayMismatch as error:
            if restarts >= MOST_RESTARTS:
                raise TraceError(
                    f"{job.name} was begun anew {restarts} times and never played its own "
                    f"recording again; the environment is not deterministic for a seed: {error}"
                ) from error
            folder.trace.rename(folder.path / f"trace.abandoned-{restarts + 1}.jsonl")
            progress.note = f"begun anew: {error}"
            log.warning("episode_restarted", episode=job.name, error=str(error))


async def _play_once(
    stage: Stage, job: EpisodeJob, folder: EpisodeFolder, progress: EpisodeProgress
) -> EpisodeResult:
    cut_torn_end(folder.trace)
    recording = read_recording(folder.trace)
    shutil.rmtree(folder.memory, ignore_errors=True)
    async with open_code(stage) as caller, stage.pool.session(job.task) as session:
        with TraceWriter(folder.trace, recording.window) as writer:
            recorder = recorder_of(recording.events, writer, _listener(stage.subscribers, job))
            progress.state = "replaying" if recorder.replaying else "playing"
            runner = make_runner(stage, job, session, recorder, progress, folder, caller)
            progress.max_steps = runner.info.max_steps
            return await runner.play()


@asynccontextmanager
async def open_code(stage: Stage) -> AsyncGenerator[Caller | None]:
    """The code of the stage's scaffold, ready for one episode. Raises ScaffoldError."""
    if stage.code is None:
        yield None
        return
    async with stage.code.open() as caller:
        yield caller


def make_runner(
    stage: Stage,
    job: EpisodeJob,
    session: EnvironmentSession,
    recorder: Recorder,
    progress: EpisodeProgress,
    folder: EpisodeFolder | None,
    caller: Caller | None = None,
) -> EpisodeRunner:
    """Everything one episode needs, put together. Without a folder the memory stays in RAM."""
    plan = stage.plan
    info = _with_limit(session.info, job.max_steps)
    scaffold = stage.scaffold.for_task(job.task) if stage.scaffold else None
    manifest = scaffold.manifest if scaffold else Manifest(name="none")
    memory = MemoryStore(
        folder.memory if folder else None, manifest, scaffold.files if scaffold else {}
    )
    started = Started(
        step=0,
        info=info,
        seed=job.seed,
        scaffold=plan.scaffold,
        agent=agent_text(plan.agent),
        roles={role: identity.text for role, identity in plan.roles.items()},
        files=memory.files(),
        versions={**stage.versions, "python": platform.python_version()},
        key=job.key,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        restarts=job.restarts,
        jail=stage.code.report.level if stage.code else "",
    )
    desk = EpisodeDesk(job, stage.answers, memory, recorder, stage.budget, progress)
    if stage.code and caller and scaffold:
        played = caller.functions & stage.code.functions
        desk.code = EpisodeCode(caller, scaffold, info, memory, recorder, progress, played)
    return EpisodeRunner(
        session=session,
        info=info,
        agent=make_agent(plan.agent, info, scaffold, consults=plan.consults),
        desk=desk,
        rule=manifest.actions if scaffold else ActionRule(),
        started=started,
    )


def _abandoned(folder: EpisodeFolder) -> list[str]:
    return [path.name for path in folder.path.glob("trace.abandoned-*.jsonl")]


def _listener(subscribers: Sequence[Subscriber], job: EpisodeJob) -> Listener | None:
    if not subscribers:
        return None

    def tell(event: AnyEvent) -> None:
        for subscriber in subscribers:
            try:
                subscriber.on_event(job.task, job.seed, event)
            except Exception as error:
                name = type(subscriber).__name__
                raise PluginError(
                    f"the tracker {name} failed: {type(error).__name__}: {error}"
                ) from error

    return tell


def _with_limit(info: EnvironmentInfo, max_steps: int | None) -> EnvironmentInfo:
    if max_steps is None or max_steps >= info.max_steps:
        return info
    return msgspec.structs.replace(info, max_steps=max_steps)
