"""A toy run that was played once, and reviews of it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import anyio
import pytest

from automem.plugins import Plugins, load_plugins
from automem.testing.reviews import Reviews, play_toys
from automem.testing.toy import toy_entry_point


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture(scope="session")
def played(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> Reviews:
    """Seeds 1 and 2 of the toy game; not to be changed."""
    folder = tmp_path_factory.mktemp("runs")
    run, evaluation = anyio.run(play_toys, folder, plugins)
    return Reviews(run, evaluation, plugins)


@pytest.fixture
def reviews(played: Reviews, tmp_path: Path) -> Reviews:
    """Reviews of a copy of the played run."""
    return played.copy(tmp_path / "toy")
