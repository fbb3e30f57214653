"""What an evaluation plays, keeps, refuses and says."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path

import msgspec
import pytest

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import open_trace
from automem.episode.recording import read_recording
from automem.episode.writing import TraceWriter
from automem.errors import (
    AutoMemError,
    ConfigError,
    EvaluationError,
    LimitReached,
    ScaffoldError,
)
from automem.evaluate.evaluator import evaluate, read_evaluation
from automem.evaluate.plan import plan_evaluation
from automem.evaluate.progress import Progress
from automem.plugins import Plugins, load_plugins
from automem.records.config import (
    AgentSection,
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    RoleSection,
    RunConfig,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.result import EpisodeResult, Evaluation
from automem.records.trace import Acted, AnyEvent, Observed, Started
from automem.run.layout import RunFolder, run_folder
from automem.scaffold.content import copy_into
from automem.testing.engine import fake_engine
from automem.testing.toy import toy_entry_point, toy_scaffold
from automem.testing.toy_player import toy_answer
from automem.testing.wire import Call, Fault, in_order

pytestmark = pytest.mark.anyio
Settings = Callable[..., RunConfig]


@dataclass
class Watcher:
    """A subscriber that keeps what it is told, and may do something at an event."""

    events: list[tuple[str, int, AnyEvent]] = field(default_factory=list)
    results: list[EpisodeResult] = field(default_factory=list)
    at: Callable[[AnyEvent], None] = lambda _: None

    def on_event(self, task: str, seed: int, event: AnyEvent) -> None:
        self.events.append((task, seed, event))
        self.at(event)

    def on_result(self, result: EpisodeResult) -> None:
        self.results.append(result)


def _run(config: RunConfig) -> RunFolder:
    return run_folder(config.run.folder, config.run.name)


async def _evaluate(
    config: RunConfig, plugins: Plugins, watcher: Watcher | None = None, **more: object
) -> Evaluation:
    subscribers = [watcher] if watcher else []
    return await evaluate(
        config, plugins, _run(config), progress=Progress(), subscribers=subscribers, **more
    )


def _episode(config: RunConfig, seed: int) -> EpisodeFolder:
    return _run(config).evaluations()[0].episode("default", seed)


async def test_an_evaluation_is_played_once_and_then_read(
    settings: Settings, plugins: Plugins
) -> None:
    config = settings()
    watcher = Watcher()
    first = await _evaluate(config, plugins, watcher)
    assert (first.mean, first.standard_error, first.balrog_standard_error) == (100.0, 0.0, 0.0)
    assert [episode.seed for episode in first.episodes] == [1, 2]
    assert len(watcher.results) == 2
    assert first.totals.steps == sum(1 for _, _, e in watcher.events if isinstance(e, Acted))
    assert first.episodes[0].achievements.keys() == {f"door_{room}" for room in range(4)}
    again = Watcher()
    assert await _evaluate(config, plugins, again) == first
    assert again.events == []


async def test_more_seeds_make_another_evaluation_of_its_own(
    settings: Settings, plugins: Plugins
) -> None:
    config = settings()
    first = await _evaluate(config, plugins)
    second = await _evaluate(config, plugins, seeds=(3,))
    assert first.key != second.key
    assert second.standard_error is None
    assert len(_run(config).evaluations()) == 2


async def test_another_server_is_the_same_evaluation_and_another_model_is_not(
    settings: Settings, plugins: Plugins
) -> None:
    def key(url: str, model: str) -> str:
        config = settings(url)
        role = msgspec.structs.replace(config.roles["default"], model=model)
        return plan_evaluation(
            msgspec.structs.replace(config, roles={"default": role}), plugins, None
        ).key

    assert key("http://127.0.0.1:1/v1", "a") == key("http://127.0.0.1:2/v1", "a")
    assert key("http://127.0.0.1:1/v1", "a") != key("http://127.0.0.1:1/v1", "b")


async def test_a_call_that_fails_for_good_leaves_no_mean_and_can_be_gone_on_with(
    settings: Settings, plugins: Plugins
) -> None:
    broken = {"calls": 0}

    def faults(call: Call) -> Fault | None:
        if "/1/" not in call.identity or int(call.identity.rsplit("/", 1)[1]) != 7:
            return None
        broken["calls"] += 1
        refusal = Fault(kind="status", status=401, message="no such key")
        return refusal if broken["calls"] == 1 else None

    async with fake_engine(toy_answer, faults=faults) as engine:
        config = settings(engine.url)
        with pytest.raises(EvaluationError) as raised:
            await _evaluate(config, plugins)
        text = str(raised.value)
        assert "1 of 2 episodes are unfinished" in text
        assert "no mean" in text
        assert "default/1" in text
        assert "401" in text
        assert "automem eval" in text
        folder = _run(config).evaluations()[0]
        with pytest.raises(EvaluationError, match="not complete"):
            read_evaluation(folder)
        failed = open_trace(_episode(config, 1)).step(open_trace(_episode(config, 1)).count - 1)
        assert failed.failed[0].error is not None
        assert (await _evaluate(config, plugins)).mean == 100.0
    once_more = [name for name, count in engine.received.items() if count > 1]
    assert [name.rsplit("/", 1)[1] for name in once_more] == ["7"]


async def test_a_call_that_is_tried_again_is_shown_and_counted(
    settings: Settings, plugins: Plugins
) -> None:
    notes: list[str] = []
    progress = Progress()

    def note(_: AnyEvent) -> None:
        notes.extend(one.note for one in progress.episodes.values() if one.note)

    async with fake_engine(toy_answer, faults=in_order(Fault(kind="status"))) as engine:
        config = settings(engine.url, seeds=SeedsSection(search=(1,)))
        evaluation = await evaluate(
            config, plugins, _run(config), progress=progress, subscribers=[Watcher(at=note)]
        )
    assert evaluation.totals.retries == 1
    assert notes[0].startswith("gameplay: try 1 failed")
    first = open_trace(_episode(config, 1)).step(0).asked[0]
    assert first.retries == 1
    assert first.waited_seconds > 0


async def test_a_tracker_that_fails_leaves_its_episode_unfinished_and_no_other(
    settings: Settings, plugins: Plugins
) -> None:
    def fail(event: AnyEvent) -> None:
        if isinstance(event, Started) and event.seed == 2:
            raise RuntimeError("the tracker is down")

    config = settings()
    with pytest.raises(EvaluationError, match="default/2: RuntimeError: the tracker is down"):
        await _evaluate(config, plugins, Watcher(at=fail))
    assert _episode(config, 1).result.exists()
    assert (await _evaluate(config, plugins)).mean == 100.0


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
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tracker_of_a_test.py").write_text(TRACKER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    tracker = EntryPoint(name="tracker", value="tracker_of_a_test", group="automem")
    config = settings()
    await _evaluate(config, load_plugins(entry_points=[toy_entry_point(), tracker]))
    told = (_run(config).path / "tracked.txt").read_text(encoding="utf-8")
    assert sorted(told.splitlines()) == ["1 1.0", "2 1.0"]


async def test_a_price_turns_usage_into_money(settings: Settings, plugins: Plugins) -> None:
    async with fake_engine(toy_answer) as engine:
        totals = (await _evaluate(settings(engine.url), plugins)).totals
    usage = totals.usage
    uncached = usage.input_tokens - usage.cached_tokens
    expected = uncached * 1.0 + usage.cached_tokens * 0.5 + usage.output_tokens * 2.0
    assert totals.cost == pytest.approx(expected / 1e6)


async def test_a_worker_that_is_killed_costs_no_call_and_no_episode(
    settings: Settings, plugins: Plugins
) -> None:
    killed: list[int] = []

    def kill(event: AnyEvent) -> None:
        if not killed and isinstance(event, Observed) and event.step == 5:
            killed.extend(_workers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    async with fake_engine(toy_answer) as engine:
        evaluation = await _evaluate(settings(engine.url), plugins, Watcher(at=kill))
    assert len(killed) == 1
    assert evaluation.mean == 100.0
    assert set(engine.received.values()) == {1}


def _workers() -> list[int]:
    """The environment workers of this process."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"automem.processes.worker" in words and str(os.getpid()).encode() in words:
            found.append(int(path.parent.name))
    return found


async def test_a_game_that_always_crashes_leaves_the_episode_unfinished(
    settings: Settings, plugins: Plugins
) -> None:
    environment = EnvironmentSection(name="toy", tasks=("default",), options={"rooms": 0})
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        await _evaluate(settings(environment=environment), plugins)


async def test_a_recording_that_does_not_play_again_begins_the_episode_anew(
    settings: Settings, plugins: Plugins
) -> None:
    config = settings()
    await _evaluate(config, plugins)
    folder = _episode(config, 1)
    _as_unfinished(config, folder, b"A long corridor.", b"A long hallway.")
    evaluation = await _evaluate(config, plugins)
    assert (evaluation.mean, evaluation.episodes[0].restarts) == (100.0, 1)
    assert (folder.path / "trace.abandoned-1.jsonl").exists()
    told = open_trace(folder).step(0).warned
    assert "begun anew 1 time(s)" in told[0].text


async def test_a_damaged_recording_begins_the_episode_anew(
    settings: Settings, plugins: Plugins
) -> None:
    config = settings()
    await _evaluate(config, plugins)
    folder = _episode(config, 2)
    _as_unfinished(config, folder, b'"event":"acted"', b'"event":"enacted"')
    assert (await _evaluate(config, plugins)).episodes[1].restarts == 1


async def test_a_game_that_never_plays_the_same_is_given_up(
    settings: Settings, plugins: Plugins
) -> None:
    config = settings()
    await _evaluate(config, plugins)
    folder = _episode(config, 1)
    for number in range(1, 4):
        (folder.path / f"trace.abandoned-{number}.jsonl").write_bytes(b"")
    _as_unfinished(config, folder, b"A long corridor.", b"A long hallway.")
    with pytest.raises(EvaluationError, match="not deterministic"):
        await _evaluate(config, plugins)


def _as_unfinished(config: RunConfig, folder: EpisodeFolder, old: bytes, new: bytes) -> None:
    """Put a finished episode back to a growing trace, with a text in it exchanged."""
    events = list(open_trace(folder).events())
    with TraceWriter(folder.trace) as writer:
        for event in events:
            writer.write(event)
    assert list(read_recording(folder.trace).events) == events
    data = folder.trace.read_bytes()
    assert old in data
    folder.trace.write_bytes(data.replace(old, new))
    folder.compacted.unlink()
    folder.result.unlink()
    _run(config).evaluations()[0].evaluation.unlink()


async def test_a_limit_of_the_episode_ends_it_with_what_it_has(
    settings: Settings, plugins: Plugins
) -> None:
    async with fake_engine(toy_answer) as engine:
        for name, value in (("tokens", 4000), ("cost", 0.003), ("seconds", 1e-6)):
            limits = LimitsSection(**{f"episode_{name}": value})
            evaluation = await _evaluate(settings(engine.url, limits=limits), plugins)
            assert {episode.reason for episode in evaluation.episodes} == {f"limit: {name}"}
            assert evaluation.mean < 100.0


async def test_a_limit_of_the_run_stops_it_and_more_lets_it_go_on(
    settings: Settings, plugins: Plugins
) -> None:
    async with fake_engine(toy_answer) as engine:
        for limits in (
            LimitsSection(run_tokens=9000),
            LimitsSection(run_cost=0.001),
            LimitsSection(run_seconds=0.0),
        ):
            with pytest.raises(LimitReached, match="nothing is lost"):
                await _evaluate(settings(engine.url, limits=limits), plugins)
        evaluation = await _evaluate(settings(engine.url), plugins)
    assert evaluation.mean == 100.0
    assert set(engine.received.values()) == {1}


async def test_a_limit_on_money_needs_a_price(settings: Settings, plugins: Plugins) -> None:
    role = RoleSection(
        backend="openai-compatible", model="toy", options={"base_url": "http://127.0.0.1:9/v1"}
    )
    config = settings(roles={"default": role}, limits=LimitsSection(run_cost=1.0))
    with pytest.raises(ConfigError, match="price"):
        await _evaluate(config, plugins)


async def test_several_tasks_are_strata(settings: Settings, plugins: Plugins) -> None:
    config = settings(environment=EnvironmentSection(name="toy", max_steps=9))
    evaluation = await _evaluate(config, plugins)
    assert [score.task for score in evaluation.scores] == ["default", "other"]
    assert evaluation.mean == pytest.approx(sum(s.mean for s in evaluation.scores) / 2)
    assert {episode.reason for episode in evaluation.episodes} == {"max_steps"}


async def test_episodes_can_be_played_one_at_a_time(settings: Settings, plugins: Plugins) -> None:
    watcher = Watcher()
    config = settings(evaluation=EvaluationSection(workers=1, episodes_at_once=1))
    await _evaluate(config, plugins, watcher)
    seeds = [seed for _, seed, _ in watcher.events]
    assert len([i for i in range(1, len(seeds)) if seeds[i] != seeds[i - 1]]) == 1


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"scaffold": ScaffoldSection()}, ConfigError, r"scaffold\.from is not set"),
        ({"scaffold": ScaffoldSection(source="toys")}, AutoMemError, "did you mean 'toy'"),
        ({"agent": AgentSection(name="dreamer")}, ConfigError, "no agent named 'dreamer'"),
        (
            {"environment": EnvironmentSection(name="toy", tasks=("attic",))},
            ConfigError,
            "no task 'attic'; there are: default, other",
        ),
        ({"environment": EnvironmentSection(name="toi")}, AutoMemError, "did you mean 'toy'"),
        ({"seeds": SeedsSection()}, ConfigError, r"seeds\.search is empty"),
        ({"evaluation": EvaluationSection(seeds="fun")}, ConfigError, "none of search"),
    ],
)
async def test_what_cannot_be_played_is_refused_before_anything_is(
    settings: Settings,
    plugins: Plugins,
    changes: dict[str, object],
    error: type[AutoMemError],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        await _evaluate(settings(**changes), plugins)


async def test_a_scaffold_that_does_not_pass_its_check_is_refused(
    settings: Settings, plugins: Plugins, tmp_path: Path
) -> None:
    folder = copy_into(toy_scaffold(), tmp_path)
    (folder / "prompts" / "plan.md").write_text("Nothing is shown here.", encoding="utf-8")
    with pytest.raises(ScaffoldError, match=r"plan\.md"):
        await _evaluate(settings(scaffold=ScaffoldSection(source=str(folder))), plugins)


async def test_a_scaffold_that_falls_back_on_no_action_of_the_game_is_refused(
    settings: Settings, plugins: Plugins, tmp_path: Path
) -> None:
    folder = copy_into(toy_scaffold(), tmp_path)
    manifest = folder / "scaffold.toml"
    manifest.write_text(manifest.read_text() + '\n[actions]\nfallback = "Noop"\n')
    with pytest.raises(ScaffoldError, match="Noop"):
        await _evaluate(settings(scaffold=ScaffoldSection(source=str(folder))), plugins)


async def test_a_damaged_evaluation_is_an_error_that_names_the_file(
    settings: Settings, plugins: Plugins
) -> None:
    config = settings()
    await _evaluate(config, plugins)
    folder = _run(config).evaluations()[0]
    folder.evaluation.write_text("{}", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"evaluation\.json cannot be read"):
        await _evaluate(config, plugins)
