"""The toy game behind a fake engine, as the tests of evaluations play it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.plugins import Plugins, load_plugins
from automem.records.config import (
    AgentSection,
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.testing.toy import toy_entry_point

Settings = Callable[..., RunConfig]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A configuration of the toy game: one task, seeds 1 and 2; keywords change sections."""

    def make(url: str | None = None, **changes: Any) -> RunConfig:
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
            run=RunSection(name="toy", folder=str(tmp_path / "runs")),
            environment=EnvironmentSection(name="toy", tasks=("default",)),
            agent=AgentSection(),
            scaffold=ScaffoldSection(source="toy"),
            roles={"default": role},
            seeds=SeedsSection(search=(1, 2)),
            limits=LimitsSection(),
            evaluation=EvaluationSection(workers=1),
        )
        return msgspec.structs.replace(config, **changes)

    return make
