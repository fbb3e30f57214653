"""A run of loop 2 on the toy game: recipes by a script, adapters by the toy trainer."""

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
from automem.testing.toy_learner import toy_learner_entry_point
from automem.testing.trainer import trainer_entry_point
from automem_train.loop.opening import Opened, open_config
from automem_train.loop.working import Done, do

from .scripts import BOTH, FEEBLE, IDLE, config_text, write_script

Open = Callable[..., Opened]
Train = Callable[..., Done]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, the toy game, and all that a toy loop takes."""
    return load_plugins(
        entry_points=[
            *metadata.entry_points(group="automem"),
            toy_entry_point(),
            toy_learner_entry_point(),
            scripted_meta_entry_point(),
            trainer_entry_point(),
        ]
    )


def open_in(folder: Path, plugins: Plugins, *overrides: str, full: bool = False) -> Opened:
    config = parse_config(config_text(folder, full=full), overrides)
    found = open_config(config, plugins)
    write_text(found.run.config, render_config(runnable_anywhere(config)))
    return found


@pytest.fixture
def opened(tmp_path: Path, plugins: Plugins) -> Open:
    """`opened("limits.run_cost=1.0")` opens the configuration of the toy loop."""

    def opened(*overrides: str, full: bool = False) -> Opened:
        return open_in(tmp_path, plugins, *overrides, full=full)

    return opened


@pytest.fixture
def train(tmp_path: Path, opened: Open) -> Train:
    """`train(BOTH, FEEBLE)` runs the loop with these reviews."""

    def train(
        *reviews: ScriptedReview,
        with_report: bool = False,
        overrides: tuple[str, ...] = (),
        watching: Watching | None = None,
    ) -> Done:
        write_script(tmp_path / "script.json", reviews)
        found = opened(*overrides)
        shown = watching or Watching("plain", io.StringIO())
        return run(found, shown, with_report=with_report)

    return train


def run(found: Opened, watching: Watching, *, with_report: bool = False) -> Done:
    async def work() -> Done:
        return await do(found, watching, with_report=with_report)

    return anyio.run(work)


class Whole(NamedTuple):
    """A loop that is over; not to be changed."""

    folder: Path
    done: Done


WHOLE_OVERRIDES = ("train.iterations=3", "train.patience=2")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Whole:
    """A recipe of two configurations, one of which helps; one that does not; then none."""
    folder = tmp_path_factory.mktemp("whole")
    write_script(folder / "script.json", [BOTH, FEEBLE, IDLE])
    found = open_in(folder, plugins, *WHOLE_OVERRIDES)
    return Whole(folder, run(found, Watching("plain", io.StringIO())))


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


def played(folder: Path) -> list[str]:
    """The calls of the player."""
    return (folder / "player.txt").read_text(encoding="utf-8").splitlines()


def verdicts(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    return [(trial.name, trial.verdict) for trial in trials]


def ledger_of(folder: Path) -> tuple[Trial, ...]:
    return read_ledger(folder / "runs" / "toys" / "ledger.jsonl")
