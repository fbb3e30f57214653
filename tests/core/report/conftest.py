"""A toy run of two scaffolds, the second made from the first, played once for all tests."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import anyio
import pytest

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
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
from automem.report.source import Version, versions_of
from automem.run.layout import RunFolder, run_folder
from automem.scaffold.content import content_hash
from automem.testing.toy import toy_entry_point, toy_scaffold

EVIL = "</script><script>alert(1)</script><b>&bold"


def child_scaffold(folder: Path) -> Path:
    """The toy scaffold, changed, with its parent named and a text that is no friend of HTML."""
    shutil.copytree(toy_scaffold(), folder)
    manifest = folder / "scaffold.toml"
    text = manifest.read_text(encoding="utf-8")
    head = f'parent = "{content_hash(toy_scaffold())}"\nname = "toy-child"'
    text = text.replace('name = "toy"', head, 1)
    text = text.replace("Signs are noted in one file", f"{EVIL} Signs are noted")
    manifest.write_text(text, encoding="utf-8")
    log = folder / "prompts" / "log.md"
    log.write_text(log.read_text(encoding="utf-8") + f"\n{EVIL}\n", encoding="utf-8")
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "notes.txt").write_text(f"{EVIL}\n", encoding="utf-8")
    return folder


def config_of(folder: Path, scaffold: str, seeds: tuple[int, ...] = (1, 2)) -> RunConfig:
    """The toy game with a scaffold."""
    return RunConfig(
        run=RunSection(name="toys", folder=str(folder)),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source=scaffold),
        roles={"default": RoleSection(backend="toy-player")},
        seeds=SeedsSection(search=seeds),
        evaluation=EvaluationSection(workers=1),
    )


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture(scope="session")
def played(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run; not to be changed."""
    folder = tmp_path_factory.mktemp("report")
    child = child_scaffold(folder / "toy-child")
    run = run_folder(folder / "runs", "toys")

    async def play() -> None:
        for scaffold in ("toy", str(child)):
            config = config_of(folder / "runs", scaffold)
            await evaluate(config, plugins, run, progress=Progress())

    anyio.run(play)
    return run


@pytest.fixture
def run(played: RunFolder, tmp_path: Path) -> RunFolder:
    """The run, to be changed at will."""
    shutil.copytree(played.path, tmp_path / "toys")
    return RunFolder(tmp_path / "toys")


@pytest.fixture(scope="session")
def versions(played: RunFolder) -> list[Version]:
    """Both versions of the run."""
    return versions_of([played], measured=True)
