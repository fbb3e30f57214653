"""`adapter = "latest"` is the best specialist of the run, or a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.errors import AdapterError, ConfigError
from automem.records.config import (
    EnvironmentSection,
    RoleSection,
    RunConfig,
    RunSection,
)
from automem.records.ledger import LedgerKind, Trial, TrialVerdict
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial
from automem.run.specialist import with_specialist
from automem.testing.adapters import write_adapter


def config(folder: Path, role: str = "memory", adapter: str | None = "latest") -> RunConfig:
    return RunConfig(
        run=RunSection(name="one", folder=str(folder)),
        environment=EnvironmentSection(name="toy"),
        roles={
            "default": RoleSection(backend="local", model="base"),
            role: RoleSection(adapter=adapter),
        },
    )


def tried(
    folder: Path,
    candidate: str,
    mean: float | None,
    *,
    kind: LedgerKind = "recipe",
    verdict: TrialVerdict = "kept",
    parent: str = "p",
) -> None:
    """Add a line to the run's ledger, and its adapter."""
    run = RunFolder(folder / "one")
    trial = Trial(
        kind=kind,
        at="2026-01-01T00:00:00+00:00",
        settings="s",
        revision=1,
        attempt=1,
        review="reviews/t001-a",
        parent=parent,
        candidate=candidate,
        candidate_name=f"full+{candidate}",
        verdict=verdict,
        why="",
        mean=mean,
    )
    append_trial(run.ledger, trial)
    write_adapter(run.adapters / candidate)


def test_it_is_the_kept_one_with_the_best_result(tmp_path: Path) -> None:
    tried(tmp_path, "good", 50.0)
    tried(tmp_path, "best", 60.0)
    tried(tmp_path, "as-good", 60.0)
    tried(tmp_path, "dropped", 90.0, verdict="dropped")
    tried(tmp_path, "scaffold", 95.0, kind="scaffold", verdict="dropped")
    memory = with_specialist(config(tmp_path)).roles["memory"]
    assert memory.adapter == str(tmp_path.resolve() / "one" / "adapters" / "best")
    assert with_specialist(config(tmp_path)).roles["default"].adapter is None


def test_one_of_an_earlier_scaffold_was_not_judged_with_the_best_one(tmp_path: Path) -> None:
    tried(tmp_path, "earlier", 60.0)
    tried(tmp_path, "better", None, kind="scaffold")
    with pytest.raises(AdapterError, match=r"has kept none for its best scaffold"):
        with_specialist(config(tmp_path))
    tried(tmp_path, "later", 50.0, parent="better")
    memory = with_specialist(config(tmp_path)).roles["memory"]
    assert memory.adapter == str(tmp_path.resolve() / "one" / "adapters" / "later")


def test_other_adapters_stay_as_they_are(tmp_path: Path) -> None:
    for given in (None, "adapters/memory", "latest-but-one"):
        told = config(tmp_path, adapter=given)
        assert with_specialist(told) is told


def test_a_run_without_one_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        AdapterError, match=r"has kept none for its best scaffold; train one with `automem train`"
    ):
        with_specialist(config(tmp_path))
    told = config(tmp_path)
    assert with_specialist(told, required=False) is told


def test_one_that_is_lost_is_named(tmp_path: Path) -> None:
    tried(tmp_path, "best", 60.0)
    (tmp_path / "one" / "adapters" / "best" / "adapter_config.json").unlink()
    with pytest.raises(AdapterError, match=r"full\+best, is lost: .*; put it back"):
        with_specialist(config(tmp_path))


@pytest.mark.parametrize("role", ["default", "gameplay"])
def test_another_role_cannot_have_it(tmp_path: Path, role: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[roles.{role}\] adapter: .*name it in \[roles.mem"):
        with_specialist(config(tmp_path, role=role))
