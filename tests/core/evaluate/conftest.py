"""The toy game behind a fake engine, as the tests of evaluations play it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.episode.folder import EpisodeFolder
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
from automem.records.result import Evaluation
from automem.run.layout import RunFolder, run_folder
from automem.testing.toy import toy_entry_point
from automem.testing.watcher import Watcher


@dataclass
class ToyPlay:
    """Configures and plays the toy game: one task, seeds 1 and 2, in a folder of its own."""

    plugins: Plugins
    folder: Path

    def config(self, url: str | None = None, **changes: Any) -> RunConfig:
        """A configuration; with a URL over HTTP. Keywords change sections."""
        role = RoleSection(backend="toy-player")
        if url is not None:
            role = RoleSection(
                backend="openai-compatible",
                model="toy",
                retries=2,
                price=(1.0, 0.5, 2.0),
                options={"base_url": url},
            )
        config = RunConfig(
            run=RunSection(name="toy", folder=str(self.folder)),
            environment=EnvironmentSection(name="toy", tasks=("default",)),
            scaffold=ScaffoldSection(source="toy"),
            roles={"default": role},
            seeds=SeedsSection(search=(1, 2)),
            evaluation=EvaluationSection(workers=1),
        )
        return msgspec.structs.replace(config, **changes)

    def run(self, config: RunConfig) -> RunFolder:
        """The run's folder."""
        return run_folder(config.run.folder, config.run.name)

    def episode(self, config: RunConfig, seed: int) -> EpisodeFolder:
        """The folder of one episode of the only evaluation."""
        return self.run(config).evaluations()[0].episode("default", seed)

    async def evaluate(
        self, config: RunConfig, *watchers: Watcher, plugins: Plugins | None = None, **more: Any
    ) -> Evaluation:
        """Play it, or read it."""
        progress = more.pop("progress", None) or Progress()
        return await evaluate(
            config,
            plugins or self.plugins,
            self.run(config),
            progress=progress,
            subscribers=watchers,
            **more,
        )


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture
def toy(plugins: Plugins, tmp_path: Path) -> ToyPlay:
    """The toy game, ready to be played."""
    return ToyPlay(plugins, tmp_path / "runs")
