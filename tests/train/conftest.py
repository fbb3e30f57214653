"""Toy runs that were played once: by one model, and by two."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import anyio
import pytest

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.files import write_text
from automem.plugins import Plugins, load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.run.config import render_config
from automem.run.layout import RunFolder, run_folder
from automem.testing.toy import toy_entry_point

TWO_MODELS = {
    "memory": RoleSection(backend="toy-player", adapter="specialist"),
    "gameplay": RoleSection(backend="toy-player"),
}


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


async def play(folder: Path, plugins: Plugins, *, two: bool) -> RunFolder:
    """Seeds 1 to 3 of the toy game; seed 90 is kept for the report."""
    config = RunConfig(
        run=RunSection(name="toy", folder=str(folder)),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source="toy"),
        roles=TWO_MODELS if two else {"default": RoleSection(backend="toy-player")},
        seeds=SeedsSection(search=(1, 2, 3), train=(50,), report=(90,)),
        evaluation=EvaluationSection(workers=1),
    )
    run = run_folder(config.run.folder, config.run.name)
    await evaluate(config, plugins, run, progress=Progress())
    write_text(run.config, render_config(config))
    return run


@pytest.fixture(scope="session")
def one_model(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Played by one model; not to be changed."""

    async def played() -> RunFolder:
        return await play(tmp_path_factory.mktemp("one"), plugins, two=False)

    return anyio.run(played)


@pytest.fixture(scope="session")
def two_models(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Played by a memory model and a gameplay model; not to be changed."""

    async def played() -> RunFolder:
        return await play(tmp_path_factory.mktemp("two"), plugins, two=True)

    return anyio.run(played)


@pytest.fixture
def run(one_model: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the run of one model."""
    shutil.copytree(one_model.path, tmp_path / "toy")
    return RunFolder(tmp_path / "toy")
