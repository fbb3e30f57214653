"""A pipeline on the toy game, with loops that keep what they are given."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from automem.files import write_text
from automem.loops.pipeline import FinalTable, Pipeline, open_pipeline, work
from automem.loops.watching import Watching
from automem.plugins import Plugins, load_plugins
from automem.run.config import parse_config, render_config, runnable_anywhere
from automem.testing.loops import fake_loops_entry_point
from automem.testing.toy import toy_entry_point
from automem.testing.toy_pipeline import pipeline_text

Opened = Callable[..., Pipeline]
Whole = tuple[Pipeline, FinalTable]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The toy game and the two loops; nothing else."""
    return load_plugins(entry_points=[toy_entry_point(), fake_loops_entry_point()])


def open_in(folder: Path, plugins: Plugins, *overrides: str) -> Pipeline:
    config = parse_config(pipeline_text(folder), overrides)
    opened = open_pipeline(config, plugins)
    write_text(opened.run.config, render_config(runnable_anywhere(config)))
    return opened


@pytest.fixture
def opened(tmp_path: Path, plugins: Plugins) -> Opened:
    """`opened("train.adapters=2")` opens the pipeline of the toy game."""

    def opened(*overrides: str) -> Pipeline:
        return open_in(tmp_path, plugins, *overrides)

    return opened


def done(pipeline: Pipeline, watching: Watching | None = None) -> FinalTable:
    return anyio.run(work, pipeline, watching or Watching("plain", io.StringIO()))


@pytest.fixture(scope="session")
def whole(
    tmp_path_factory: pytest.TempPathFactory, plugins: Plugins
) -> tuple[Pipeline, FinalTable]:
    """A pipeline that is over; not to be changed."""
    opened = open_in(tmp_path_factory.mktemp("whole"), plugins)
    return opened, done(opened)


@pytest.fixture
def copied(whole: Whole, tmp_path: Path, plugins: Plugins) -> Pipeline:
    """The same, to be changed at will."""
    before = whole[0].run.path.parents[1]
    shutil.copytree(before, tmp_path, dirs_exist_ok=True)
    return open_in(tmp_path, plugins)
