"""A run of loop 1 on the toy game, reviewed by a script."""

import io
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import anyio
import msgspec
import pytest

from automem.files import write_text
from automem.loops.watching import Watching
from automem.plugins import Plugins, load_plugins
from automem.records.ledger import Trial
from automem.run.config import parse_config, render_config, runnable_anywhere
from automem.run.ledger import read_ledger
from automem.testing.scripted_meta import ScriptedReview, scripted_meta_entry_point
from automem.testing.toy import toy_entry_point
from automem_meta.evolve.opening import Opened, open_config
from automem_meta.evolve.working import Done, Task, do

from .scripts import BETTER, BROKEN, IDLE, WORSE, config_text, write_script

Evolve = Callable[..., Done]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, the toy game and the scripted meta-LLM."""
    return load_plugins(
        entry_points=[
            *metadata.entry_points(group="automem"),
            toy_entry_point(),
            scripted_meta_entry_point(),
        ]
    )


@pytest.fixture
def opened(tmp_path: Path, plugins: Plugins) -> Callable[..., Opened]:
    """`opened("limits.run_cost=1.0")` opens the configuration of the toy loop."""

    def opened(*overrides: str, full: bool = False) -> Opened:
        config = parse_config(config_text(tmp_path, full=full), overrides)
        found = open_config(config, plugins)
        write_text(found.run.config, render_config(runnable_anywhere(config)))
        return found

    return opened


@pytest.fixture
def evolve(tmp_path: Path, opened: Callable[..., Opened]) -> Evolve:
    """`evolve(BROKEN, BETTER)` runs the loop with these reviews."""

    def evolve(
        *reviews: ScriptedReview, task: Task | None = None, overrides: tuple[str, ...] = ()
    ) -> Done:
        write_script(tmp_path / "script.json", reviews)
        found = opened(*overrides)
        watching = Watching("plain", io.StringIO())
        return anyio.run(do, found, task or Task(), watching)

    return evolve


class Whole(NamedTuple):
    """A loop that is over; not to be changed."""

    folder: Path
    done: Done


WHOLE_OVERRIDES = ("evolve.attempts=2", "evolve.patience=1", "evolve.continuations=1")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Whole:
    """A broken change, a worse one, a better one, then nothing."""
    folder = tmp_path_factory.mktemp("whole")
    write_script(folder / "script.json", [BROKEN, WORSE, BETTER, IDLE, IDLE])
    config = parse_config(config_text(folder, full=True), WHOLE_OVERRIDES)
    found = open_config(config, plugins)
    write_text(found.run.config, render_config(runnable_anywhere(config)))
    done = anyio.run(do, found, Task(), Watching("plain", io.StringIO()))
    return Whole(folder, done)


def timeless(trial: Trial) -> Trial:
    """A trial without what depends on the clock."""
    return msgspec.structs.replace(
        trial,
        at="",
        play_cost=msgspec.structs.replace(trial.play_cost, seconds=0.0),
        review_cost=msgspec.structs.replace(trial.review_cost, seconds=0.0),
    )


def paid(folder: Path) -> list[str]:
    """The turns that the scripted meta-LLM was asked for."""
    lines = (folder / "calls.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("begin ")]


def verdicts(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    return [(trial.name, trial.verdict) for trial in trials]


def ledger_of(folder: Path) -> tuple[Trial, ...]:
    return read_ledger(folder / "runs" / "toys" / "ledger.jsonl")
