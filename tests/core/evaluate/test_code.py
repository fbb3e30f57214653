"""Evaluations of a scaffold with code: in a jail, resumed, replayed, and with memory alone."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.episode.stream import stream_events
from automem.errors import EvaluationUnfinished, ScaffoldError
from automem.evaluate.replay import replay_episode
from automem.records.config import EvaluationSection, RunConfig, ScaffoldSection
from automem.records.result import Evaluation
from automem.records.trace import Acted, AnyEvent, Asked, Remembered, Started, Warned
from automem.testing.toy import toy_scaffold
from automem.testing.watcher import Watcher

CODE = """
def remember(context):
    if context["moment"] == "observed":
        state = {"steps": context["state"].get("steps", 0) + 1}
        text = f"step {context['step']}: {context['status']} ({state['steps']} so far)"
        return {"writes": [{"file": "seen.txt", "mode": "append", "text": text}], "state": state}


def perceive(context):
    return {"slots": {"seen": str(context["remembered"]["steps"])}}


def guard(context, action):
    if action == "walk" and context["step"] % 5 == 0 and context["counters"]["refused"] == 0:
        return {"reject": "Wait a moment."}
    return "accept"
"""
MORE = """
[files."seen.txt"]
purpose = "Kept by code."
modes = []
code_modes = ["append"]

[code.slots]
seen = "nothing yet"
"""


@pytest.fixture
def coded(tmp_path: Path):
    """A copy of the toy scaffold with code; `code` and more prompt text may be given."""

    def make(code: str = CODE, name: str = "coded") -> str:
        folder = tmp_path / name
        shutil.copytree(toy_scaffold(), folder)
        (folder / "code.py").write_text(code, encoding="utf-8")
        with (folder / "scaffold.toml").open("a", encoding="utf-8") as manifest:
            manifest.write(MORE)
        plan = folder / "prompts" / "plan.md"
        text = plan.read_text(encoding="utf-8")
        plan.write_text(f"{text}Seen: {{{{ slots.seen }}}}\n", encoding="utf-8")
        return str(folder)

    return make


def events_of(toy: Any, config: RunConfig, seed: int) -> list[AnyEvent]:
    folder = toy.episode(config, seed)
    path = folder.compacted if folder.compacted.exists() else folder.trace
    return list(stream_events(path))


def played(toy: Any, config: RunConfig, *watchers: Watcher) -> Evaluation:
    return asyncio.run(toy.evaluate(config, *watchers))


def test_code_plays_in_a_jail_and_its_deeds_are_in_the_trace(toy: Any, coded) -> None:
    config = toy.config(scaffold=ScaffoldSection(source=coded()))
    evaluation = played(toy, config)
    assert evaluation.mean == 100
    events = events_of(toy, config, 1)
    assert isinstance(events[0], Started)
    assert events[0].jail in ("bubblewrap", "landlock", "seccomp", "monty")
    by_code = [e for e in events if isinstance(e, Remembered) and e.actor == "code"]
    assert by_code[0].arguments == ("step 0: room 1, 0 steps from its sign (1 so far)",)
    assert by_code[-1].arguments[0].endswith(f"({len(by_code)} so far)")
    assert {e.outcome for e in by_code} == {"done"}
    refused = [e for e in events if isinstance(e, Warned) and e.kind == "action_refused"]
    assert refused[0].step == 0
    assert [e.refused for e in events if isinstance(e, Acted)][:3] == [1, 0, 0]
    counted = evaluation.episodes[0].behaviour
    assert counted is not None
    assert counted.written.code == sum(len(e.arguments[0]) + 1 for e in by_code)


def test_memory_only_is_another_evaluation_in_which_nothing_is_guarded(toy: Any, coded) -> None:
    full = toy.config(scaffold=ScaffoldSection(source=coded()))
    alone = msgspec.structs.replace(full, evaluation=EvaluationSection(workers=1, memory_only=True))
    one, two = played(toy, full), played(toy, alone)
    assert one.key != two.key
    assert two.name == "toy (memory only)"
    (folder,) = [f for f in toy.run(full).evaluations() if f.path.name == two.key]
    events = list(stream_events(folder.episode("default", 1).compacted))
    assert not [e for e in events if isinstance(e, Warned)]
    assert [e for e in events if isinstance(e, Remembered) and e.actor == "code"]
    plans = [e for e in events if isinstance(e, Asked) and e.phase == "plan"]
    assert all("Seen: nothing yet" in e.messages[-1].content for e in plans if e.turn == 0)


def test_memory_only_means_nothing_to_a_scaffold_without_code(toy: Any) -> None:
    plain = toy.config()
    alone = toy.config(evaluation=EvaluationSection(workers=1, memory_only=True))
    assert played(toy, plain).key == played(toy, alone).key


def test_an_interrupted_episode_with_code_goes_on_as_if_it_had_not_been(toy: Any, coded) -> None:
    source = coded()

    def stop(event: AnyEvent) -> None:
        if isinstance(event, Acted) and event.step == 6:
            raise RuntimeError("stop")

    config = toy.config(scaffold=ScaffoldSection(source=source))
    with pytest.raises(EvaluationUnfinished, match="stop"):
        played(toy, config, Watcher(stop))
    again = played(toy, config)
    assert again.mean == 100
    assert sum(episode.restarts for episode in again.episodes) == 0
    whole = type(toy)(toy.plugins, toy.folder.with_name("whole"))
    other = whole.config(scaffold=ScaffoldSection(source=source))
    played(whole, other)
    kinds = [type(event) for event in events_of(toy, config, 1)]
    assert kinds == [type(event) for event in events_of(whole, other, 1)]


def remembering(line: str) -> str:
    """Code in whose `remember` one more line stands at the top."""
    return CODE.replace("(context):\n", f"(context):\n    {line}\n", 1)


def test_a_loop_is_stopped_and_told_and_a_replay_repeats_it_without_looping(
    toy: Any, coded
) -> None:
    source = coded(remembering('while "room 3, 1" in context["status"]: pass'))
    config = toy.config(scaffold=ScaffoldSection(source=source))
    played(toy, config)
    faults = [e for e in events_of(toy, config, 1) if isinstance(e, Warned)]
    stopped = [e for e in faults if e.kind == "code_fault"]
    assert [e.about for e in stopped] == ["remember/observed", "remember/logged"]
    assert all(e.text.startswith("timeout: ") for e in stopped)
    run = toy.run(config)
    (evaluation,) = run.evaluations()
    folder = evaluation.episode("default", 1)
    report = asyncio.run(replay_episode(run, evaluation, folder, toy.plugins))
    assert (report.difference, report.finished) == (None, True)


def test_sets_come_in_one_order_in_every_worker_so_that_a_replay_matches(toy: Any, coded) -> None:
    line = 'context["status"] = " ".join({*context["status"].split(), *"abcdefgh"})'
    config = toy.config(scaffold=ScaffoldSection(source=coded(remembering(line))))
    played(toy, config)
    run = toy.run(config)
    (evaluation,) = run.evaluations()
    for seed in (1, 2):
        folder = evaluation.episode("default", seed)
        assert asyncio.run(replay_episode(run, evaluation, folder, toy.plugins)).difference is None


def test_code_that_fails_for_good_leaves_the_episode_unfinished_and_no_mean(
    toy: Any, coded
) -> None:
    source = coded(remembering('1 / ("room 2" not in context["status"])'))
    config = toy.config(scaffold=ScaffoldSection(source=source))
    with pytest.raises(EvaluationUnfinished, match="failed 5 times in a row") as raised:
        played(toy, config)
    assert "ZeroDivisionError" in str(raised.value)
    assert not toy.run(config).evaluations()[0].evaluation.exists()


def test_a_scaffold_whose_code_fails_in_the_dry_run_is_not_played(toy: Any, coded) -> None:
    config = toy.config(scaffold=ScaffoldSection(source=coded(CODE.replace('["steps"]', '["x"]'))))
    with pytest.raises(ScaffoldError, match=r"cannot be played:\n  code.py: perceive/plan: "):
        played(toy, config)
