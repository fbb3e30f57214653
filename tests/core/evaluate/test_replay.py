"""A recorded episode is proven again without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from automem.episode.progress import EpisodeProgress
from automem.episode.reader import open_trace
from automem.episode.writing import TraceWriter
from automem.errors import EvaluationError, ScaffoldError
from automem.evaluate.replay import ReplayReport, read_plan, replay_episode
from automem.plugins import Plugins
from automem.records.config import AgentSection, EnvironmentSection, RoleSection, RunConfig
from automem.records.trace import Acted, AnyEvent
from automem.run.layout import EvaluationFolder, RunFolder
from automem.testing.engine import fake_engine

pytestmark = pytest.mark.anyio


async def _played(toy: Any, config: RunConfig) -> tuple[RunFolder, EvaluationFolder]:
    await toy.evaluate(config)
    run = toy.run(config)
    return run, run.evaluations()[0]


async def _replay(
    run: RunFolder, folder: EvaluationFolder, plugins: Plugins, seed: int = 1
) -> ReplayReport:
    return await replay_episode(run, folder, folder.episode("default", seed), plugins)


async def test_a_finished_episode_plays_again_the_same(toy: Any) -> None:
    run, folder = await _played(toy, toy.config())
    report = await _replay(run, folder, toy.plugins)
    assert report == ReplayReport(steps=17, matched=17, difference=None, finished=True)


@pytest.mark.parametrize("adapter", [None, "specialist"])
async def test_two_model_play_replays_too(toy: Any, adapter: str | None) -> None:
    roles = {
        "default": RoleSection(backend="toy-player"),
        "memory": RoleSection(adapter=adapter),
    }
    run, folder = await _played(toy, toy.config(roles=roles))
    trace = open_trace(folder.episode("default", 1))
    consulted = {asked.role for asked in trace.step(0).turns("plan")}
    assert consulted == ({"gameplay"} if adapter is None else {"memory", "gameplay"})
    assert (await _replay(run, folder, toy.plugins)).difference is None


async def test_an_episode_cut_at_a_step_limit_replays_too(toy: Any) -> None:
    environment = EnvironmentSection(name="toy", tasks=("default",), max_steps=5)
    run, folder = await _played(toy, toy.config(environment=environment))
    report = await _replay(run, folder, toy.plugins)
    assert report == ReplayReport(steps=6, matched=6, difference=None, finished=True)


async def test_a_baseline_replays_too(toy: Any) -> None:
    async with fake_engine(lambda body: "walk") as engine:
        agent = AgentSection(name="window", history=2)
        run, folder = await _played(toy, toy.config(engine.url, agent=agent))
    report = await _replay(run, folder, toy.plugins)
    assert (report.difference, report.finished, report.steps) == (None, True, 61)


async def test_a_changed_trace_is_told_where_it_departs(toy: Any) -> None:
    run, folder = await _played(toy, toy.config())
    episode = folder.episode("default", 1)
    _rewrite(episode.compacted.parent, open_trace(episode).events())
    data = episode.trace.read_bytes()
    assert b'"reward":1.0' in data
    episode.trace.write_bytes(data.replace(b'"reward":1.0', b'"reward":9.0'))
    progress = EpisodeProgress("default", 1, max_steps=0)
    report = await replay_episode(run, folder, episode, toy.plugins, progress)
    assert report.difference is not None
    assert "acted.reward was 9.0, now it is 1.0" in report.difference
    assert report.matched < report.steps
    assert report.finished


async def test_an_unfinished_trace_proves_as_far_as_it_goes(toy: Any) -> None:
    run, folder = await _played(toy, toy.config())
    episode = folder.episode("default", 1)
    events = list(open_trace(episode).events())
    upto = next(i for i, e in enumerate(events) if isinstance(e, Acted) and e.step == 6)
    _rewrite(episode.path, iter(events[: upto + 1]))
    report = await _replay(run, folder, toy.plugins)
    assert (report.difference, report.finished) == (None, False)
    assert report.steps == report.matched == 7


async def test_a_run_without_its_scaffold_or_plan_says_so(toy: Any) -> None:
    run, folder = await _played(toy, toy.config())
    moved = run.scaffolds.rename(run.path / "elsewhere")
    with pytest.raises(ScaffoldError, match="is not in"):
        await _replay(run, folder, toy.plugins)
    moved.rename(run.scaffolds)
    folder.plan.unlink()
    with pytest.raises(EvaluationError, match=r"plan\.json cannot be read"):
        read_plan(folder)


def _rewrite(path: Path, events: Iterable[AnyEvent]) -> None:
    """Put a compacted trace back to a growing one."""
    kept = list(events)
    with TraceWriter(path / "trace.jsonl") as writer:
        for event in kept:
            writer.write(event)
    (path / "trace.jsonl.zst").unlink()
