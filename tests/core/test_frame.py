"""A run as rows and data frames."""

import sys
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import anyio
import pytest

import automem
from automem.errors import RunError
from automem.evaluate.behaviour.ratios import RATIOS
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.frame import EpisodeRow, Rows, read_run
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
from automem.run.layout import run_folder
from automem.testing.toy import toy_entry_point

LIBRARY = """
class DataFrame:
    def __init__(self, columns):
        self.columns = columns
"""


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    """The folder of a run of the toy game, seeds 1 and 2."""
    found = metadata.entry_points(group="automem")
    plugins = load_plugins(entry_points=[*found, toy_entry_point()])
    config = RunConfig(
        run=RunSection(name="toys", folder=str(tmp_path)),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source="toy"),
        roles={"default": RoleSection(backend="toy-player")},
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )
    run = run_folder(tmp_path, "toys")
    anyio.run(partial(evaluate, config, plugins, run, progress=Progress()))
    return run.path


@pytest.fixture
def row() -> EpisodeRow:
    return EpisodeRow(
        run="demo",
        evaluation="0" * 16,
        name="crafter-v0",
        environment="crafter",
        profile="corrected",
        agent="logplan",
        scaffold="1" * 16,
        memory_model="rules",
        gameplay_model="rules",
        task="default",
        seed=42,
        progression=0.5,
        success=None,
        reward=1.0,
        reason="died",
        steps=10,
        calls=20,
        input_tokens=100,
        cached_tokens=0,
        output_tokens=10,
        cost=None,
        seconds=1.0,
        measures={"reread": 0.5, "stuck": None},
    )


def test_a_run_is_read_as_one_row_an_episode(toys: Path) -> None:
    rows = automem.read_run(toys)
    assert [(row.run, row.name, row.task, row.seed) for row in rows] == [
        ("toys", "toy", "default", 1),
        ("toys", "toy", "default", 2),
    ]
    assert rows[0].progression == 1.0 and rows[0].steps == 16
    assert list(rows[0].measures) == [ratio.name for ratio in RATIOS]
    assert rows[0].measures["stuck"] == 0.0


def test_an_incomplete_evaluation_has_no_rows(toys: Path) -> None:
    (path,) = toys.glob("evaluations/*/evaluation.json")
    path.unlink()
    rows = read_run(str(toys))
    assert rows == []
    assert set(rows.columns()) > {"seed", "progression", "reread"}


def test_a_folder_that_is_not_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run at"):
        read_run(tmp_path / "none")


def test_every_measure_is_a_column_of_its_own(row: EpisodeRow) -> None:
    columns = Rows([row, row]).columns()
    assert columns["seed"] == [42, 42]
    assert columns["reread"] == [0.5, 0.5] and columns["stuck"] == [None, None]
    assert "measures" not in columns


@pytest.mark.parametrize("name", ["polars", "pandas"])
def test_rows_become_a_data_frame_of_what_is_installed(
    name: str, row: EpisodeRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}.py").write_text(LIBRARY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    frame: Any = getattr(Rows([row]), f"to_{name}")()
    assert frame.columns["reread"] == [0.5]


@pytest.mark.parametrize("name", ["polars", "pandas"])
def test_a_library_that_is_missing_is_told_with_how_to_install_it(
    name: str, row: EpisodeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RunError, match=f"pip install {name}"):
        getattr(Rows([row]), f"to_{name}")()


def test_the_package_knows_no_other_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'read_rnu'"):
        automem.read_rnu  # noqa: B018
