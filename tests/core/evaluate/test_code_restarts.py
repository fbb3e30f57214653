"""Code that was ended in play is ended again where that play is repeated."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from automem.episode.stream import stream_events
from automem.errors import EvaluationUnfinished
from automem.evaluate.replay import replay_episode
from automem.records.config import ScaffoldSection
from automem.records.trace import Acted, AnyEvent
from automem.testing.toy import toy_scaffold
from automem.testing.watcher import Watcher

CODE = """
calls = 0


def remember(context):
    global calls
    calls += "room" in context["status"]
    while "room 3, 1" in context["status"]:
        pass
    return {"notices": [f"call {calls}"]}
"""
"""Counts in a global variable, which the check cannot see, and loses it when it loops."""


def test_an_interrupted_episode_forgets_again_what_a_restart_forgot(
    toy: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "counting"
    shutil.copytree(toy_scaffold(), folder)
    (folder / "code.py").write_text(CODE, encoding="utf-8")

    def stop(event: AnyEvent) -> None:
        if isinstance(event, Acted) and event.step == 14:
            raise RuntimeError("stop")

    config = toy.config(scaffold=ScaffoldSection(source=str(folder)))
    with pytest.raises(EvaluationUnfinished, match="stop"):
        asyncio.run(toy.evaluate(config, Watcher(stop)))
    assert asyncio.run(toy.evaluate(config)).mean == 100
    run = toy.run(config)
    (evaluation,) = run.evaluations()
    episode = evaluation.episode("default", 1)
    path = episode.compacted if episode.compacted.exists() else episode.trace
    texts = [getattr(event, "text", "") for event in stream_events(path)]
    assert len([text for text in texts if text.startswith("timeout: ")]) == 2
    report = asyncio.run(replay_episode(run, evaluation, episode, toy.plugins))
    assert (report.difference, report.finished) == (None, True)
