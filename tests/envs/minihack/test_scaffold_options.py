"""A scaffold switches on what a game leaves to it, and nothing else."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from automem.episode.stream import stream_events, trace_of
from automem.errors import ScaffoldError
from automem.evaluate.evaluator import evaluate
from automem.evaluate.plan import environment_options
from automem.evaluate.progress import Progress
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.trace import Observed
from automem.run.layout import run_folder
from automem.scaffold.load import load_scaffold
from automem_envs.minihack.scaffolds import minihack_v0

MAZE = "MiniHack-MazeWalk-9x9-v0"


def _scaffold(folder: Path, options: str) -> Path:
    shutil.copytree(minihack_v0(), folder)
    manifest = folder / "scaffold.toml"
    text = f"{manifest.read_text(encoding='utf-8')}\n[environment_options]\n{options}\n"
    manifest.write_text(text, encoding="utf-8")
    return folder


def _config(folder: Path, scaffold: Path) -> RunConfig:
    return RunConfig(
        run=RunSection(name="maze", folder=str(folder)),
        environment=EnvironmentSection(name="minihack", tasks=(MAZE,), max_steps=2),
        scaffold=ScaffoldSection(source=str(scaffold)),
        roles={"default": RoleSection(backend="rules")},
        seeds=SeedsSection(search=(1,)),
        evaluation=EvaluationSection(workers=1),
    )


def test_a_scaffold_gets_the_map_analysis_it_asks_for(tmp_path: Path) -> None:
    config = _config(tmp_path, _scaffold(tmp_path / "analyzed", "map_analysis = true"))
    run = run_folder(tmp_path, "maze")
    evaluation = asyncio.run(evaluate(config, load_plugins(), run, progress=Progress()))
    trace = trace_of(run.evaluation(evaluation.key).episode(MAZE, 1))
    seen = [event.text for event in stream_events(trace) if isinstance(event, Observed)]
    assert seen and all("around you:" in text for text in seen)


def test_the_configuration_goes_before_the_scaffold(tmp_path: Path) -> None:
    folder = _scaffold(tmp_path / "analyzed", "map_analysis = true")
    config = _config(tmp_path, folder)
    off = msgspec.structs.replace(config.environment, options={"map_analysis": False})
    config = msgspec.structs.replace(config, environment=off)
    options = environment_options(config, load_plugins(), load_scaffold(folder))
    assert options == {"map_analysis": False}


def test_a_scaffold_cannot_choose_its_levels_or_rules(tmp_path: Path) -> None:
    for number, option in enumerate(('boxoban_folder = "/etc"', 'profile = "paper"')):
        folder = _scaffold(tmp_path / str(number), option)
        with pytest.raises(ScaffoldError, match="minihack leaves map_analysis to scaffolds"):
            environment_options(_config(tmp_path, folder), load_plugins(), load_scaffold(folder))
