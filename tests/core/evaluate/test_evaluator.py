"""What an evaluation plays, keeps and tells."""

from __future__ import annotations

import io
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from automem.cli.tables import evaluations_table
from automem.episode.reader import open_trace
from automem.errors import EvaluationError, EvaluationUnfinished
from automem.evaluate.evaluator import read_evaluation
from automem.evaluate.plan import plan_evaluation
from automem.evaluate.progress import Progress
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    SeedsSection,
)
from automem.records.result import EpisodeResult
from automem.records.trace import Acted, AnyEvent, Started
from automem.testing.engine import fake_engine
from automem.testing.toy import toy_entry_point
from automem.testing.toy_player import toy_answer
from automem.testing.watcher import Watcher
from automem.testing.wire import Call, Fault, in_order

pytestmark = pytest.mark.anyio


async def test_an_evaluation_is_played_once_and_then_read(toy: Any) -> None:
    config = toy.config()
    watcher = Watcher()
    first = await toy.evaluate(config, watcher)
    assert (first.mean, first.standard_error, first.balrog_standard_error) == (100.0, 0.0, 0.0)
    assert [episode.seed for episode in first.episodes] == [1, 2]
    assert len(watcher.results) == 2
    assert first.totals.steps == sum(1 for _, _, e in watcher.events if isinstance(e, Acted))
    assert first.episodes[0].achievements.keys() == {f"door_{room}" for room in range(4)}
    again = Watcher()
    assert await toy.evaluate(config, again) == first
    assert again.events == []


async def test_more_seeds_make_another_evaluation_of_its_own(toy: Any) -> None:
    config = toy.config()
    first = await toy.evaluate(config)
    second = await toy.evaluate(config, seeds=(3,))
    assert first.key != second.key
    assert second.standard_error is None
    assert len(toy.run(config).evaluations()) == 2


async def test_another_server_is_the_same_evaluation_and_another_model_is_not(toy: Any) -> None:
    def key(url: str, model: str) -> str:
        config = toy.config(url)
        role = msgspec.structs.replace(config.roles["default"], model=model)
        return plan_evaluation(
            msgspec.structs.replace(config, roles={"default": role}), toy.plugins, None
        ).key

    assert key("http://127.0.0.1:1/v1", "a") == key("http://127.0.0.1:2/v1", "a")
    assert key("http://127.0.0.1:1/v1", "a") != key("http://127.0.0.1:1/v1", "b")


async def test_a_call_that_fails_for_good_leaves_no_mean_and_can_be_gone_on_with(toy: Any) -> None:
    broken = {"calls": 0}

    def faults(call: Call) -> Fault | None:
        if "/1/" not in call.identity or int(call.identity.rsplit("/", 1)[1]) != 7:
            return None
        broken["calls"] += 1
        refusal = Fault(kind="status", status=401, message="no such key")
        return refusal if broken["calls"] == 1 else None

    async with fake_engine(toy_answer, faults=faults) as engine:
        config = toy.config(engine.url)
        with pytest.raises(EvaluationUnfinished) as raised:
            await toy.evaluate(config)
        text = str(raised.value)
        assert "1 of 2 episodes are unfinished" in text
        assert "no mean" in text
        assert "default/1" in text
        assert "401" in text
        assert "start the same again" in text
        folder = toy.run(config).evaluations()[0]
        with pytest.raises(EvaluationError, match="not complete"):
            read_evaluation(folder)
        failed = open_trace(toy.episode(config, 1)).step(
            open_trace(toy.episode(config, 1)).count - 1
        )
        assert failed.failed[0].error is not None
        assert (await toy.evaluate(config)).mean == 100.0
    once_more = [name for name, count in engine.received.items() if count > 1]
    assert [name.rsplit("/", 1)[1] for name in once_more] == ["7"]


async def test_a_call_that_is_tried_again_is_shown_and_counted(toy: Any) -> None:
    notes: list[str] = []
    progress = Progress()

    def note(_: AnyEvent) -> None:
        notes.extend(one.note for one in progress.episodes.values() if one.note)

    async with fake_engine(toy_answer, faults=in_order(Fault(kind="status"))) as engine:
        config = toy.config(engine.url, seeds=SeedsSection(search=(1,)))
        evaluation = await toy.evaluate(config, Watcher(at=note), progress=progress)
    assert evaluation.totals.retries == 1
    assert notes[0].startswith("gameplay: try 1 failed")
    first = open_trace(toy.episode(config, 1)).step(0).asked[0]
    assert first.retries == 1
    assert first.waited_seconds > 0


async def test_a_tracker_that_fails_leaves_its_episode_unfinished_and_no_other(toy: Any) -> None:
    def fail(event: AnyEvent) -> None:
        if isinstance(event, Started) and event.seed == 2:
            raise RuntimeError("the tracker is down")

    config = toy.config()
    with pytest.raises(
        EvaluationError,
        match="default/2: the tracker Watcher failed: RuntimeError: the tracker is down",
    ):
        await toy.evaluate(config, Watcher(at=fail))
    assert toy.episode(config, 1).result.exists()
    assert (await toy.evaluate(config)).mean == 100.0


TRACKER = """
from automem import hookimpl

class Tracker:
    def __init__(self, run):
        self.path = run.path / "tracked.txt"
    def on_event(self, task, seed, event):
        pass
    def on_result(self, result):
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{result.seed} {result.progression}\\n")

@hookimpl
def automem_subscribers(run):
    return [Tracker(run)]
"""


async def test_a_tracker_that_a_plugin_offers_is_told(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tracker_of_a_test.py").write_text(TRACKER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    tracker = EntryPoint(name="tracker", value="tracker_of_a_test", group="automem")
    config = toy.config()
    plugins = load_plugins(entry_points=[toy_entry_point(), tracker])
    await toy.evaluate(config, plugins=plugins)
    told = (toy.run(config).path / "tracked.txt").read_text(encoding="utf-8")
    assert sorted(told.splitlines()) == ["1 1.0", "2 1.0"]


async def test_a_price_turns_usage_into_money(toy: Any) -> None:
    async with fake_engine(toy_answer) as engine:
        totals = (await toy.evaluate(toy.config(engine.url))).totals
    usage = totals.usage
    uncached = usage.input_tokens - usage.cached_tokens
    expected = uncached * 1.0 + usage.cached_tokens * 0.5 + usage.output_tokens * 2.0
    assert totals.cost == pytest.approx(expected / 1e6)


async def test_several_tasks_are_strata(toy: Any) -> None:
    config = toy.config(environment=EnvironmentSection(name="toy", max_steps=9))
    evaluation = await toy.evaluate(config)
    assert [score.task for score in evaluation.scores] == ["default", "other"]
    assert evaluation.mean == pytest.approx(sum(s.mean for s in evaluation.scores) / 2)
    assert {episode.reason for episode in evaluation.episodes} == {"max_steps"}


async def test_episodes_can_be_played_one_at_a_time(toy: Any) -> None:
    watcher = Watcher()
    config = toy.config(evaluation=EvaluationSection(workers=1, episodes_at_once=1))
    await toy.evaluate(config, watcher)
    seeds = [seed for _, seed, _ in watcher.events]
    assert len([i for i in range(1, len(seeds)) if seeds[i] != seeds[i - 1]]) == 1


async def test_what_the_episodes_were_played_by_is_told_and_mixtures_show(toy: Any) -> None:
    config = toy.config()
    first = await toy.evaluate(config)
    assert first.versions["toy"] == ("1",)
    assert {"automem-core", "automem-backends", "python"} <= set(first.versions)
    folder = toy.episode(config, 1)
    old = msgspec.json.decode(folder.result.read_bytes(), type=EpisodeResult)
    older = msgspec.structs.replace(old, versions={**old.versions, "toy": "0"})
    folder.result.write_bytes(msgspec.json.encode(older))
    toy.run(config).evaluations()[0].evaluation.unlink()
    mixed = await toy.evaluate(config)
    assert mixed.versions["toy"] == ("0", "1")
    screen = Console(width=100, file=io.StringIO())
    screen.print(evaluations_table([mixed]))
    assert "toy 0 and 1" in screen.file.getvalue()
    screen.print(evaluations_table([first]))
    assert screen.file.getvalue().count("mixed versions") == 1
