"""`adapter = "latest"` in commands: what plays, plans and is written down names a folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from automem.evaluate.plan import EvaluationPlan
from automem.records.ledger import Trial
from automem.run.config import load_config
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial
from automem.testing.adapters import write_adapter

from .conftest import CONFIG, Automem

LATEST = CONFIG + '\n[roles.memory]\nadapter = "latest"\n'


def keep(run: RunFolder, key: str) -> Path:
    """An adapter that the run's ledger calls the best one."""
    trial = Trial(
        kind="recipe",
        at="2026-01-01T00:00:00+00:00",
        settings="s",
        revision=1,
        attempt=1,
        review="reviews/t001-a",
        parent="p",
        candidate=key,
        verdict="kept",
        why="better",
        mean=50.0,
    )
    append_trial(run.ledger, trial)
    return write_adapter(run.adapters / key)


def test_an_evaluation_is_played_with_it_and_says_which_it_was(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(LATEST, encoding="utf-8")
    adapter = keep(RunFolder(folder / "runs" / "toys"), "0123456789abcdef")
    assert call("eval", "toy.toml").code == 0
    told = load_config(folder / "runs" / "toys" / "run.toml").roles["memory"].adapter
    assert told == str(adapter.resolve())
    (path,) = (folder / "runs" / "toys").glob("evaluations/*/plan.json")
    plan = msgspec.json.decode(path.read_bytes(), type=EvaluationPlan)
    assert (plan.roles["memory"].adapter or "").startswith("0123456789abcdef-")
    assert plan.roles["gameplay"].adapter is None


def test_without_one_nothing_is_played(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(LATEST, encoding="utf-8")
    done = call("eval", "toy.toml")
    assert (
        done.code == 1
        and "which has kept none for its best scaffold; train one with `automem train`" in done.err
    )
    assert not (folder / "runs").exists()


def test_a_plan_can_do_without_one(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(LATEST, encoding="utf-8")
    assert "has kept none" not in call("doctor", "toy.toml").err
