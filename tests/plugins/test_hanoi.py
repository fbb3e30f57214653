"""The third-party environment that the docs show: found by name, sound, and short."""

from __future__ import annotations

from pathlib import Path

import pytest
from automem_hanoi import Hanoi

from automem.plugins import load_plugins
from automem.testing.environments import check_environment


def test_it_is_found_by_its_name() -> None:
    plugins = load_plugins()
    spec = plugins.get("environment", "hanoi")
    assert spec.tasks == ("3-disks", "4-disks")
    assert plugins.load(spec) is Hanoi


@pytest.mark.parametrize("task", ["3-disks", "4-disks"])
def test_it_keeps_the_contract(task: str) -> None:
    check_environment(lambda: Hanoi(task, None))


def test_it_can_be_solved() -> None:
    game = Hanoi("3-disks", None)
    game.reset(1)
    moves = ("A to C", "A to B", "C to B", "A to C", "B to A", "B to C", "A to C")
    results = [game.step(move) for move in moves]
    assert [result.ended for result in results] == [None] * 6 + ["solved"]
    assert results[-1].progression == 1.0
    assert "C: 3 2 1" in results[-1].observation.text


def test_a_larger_disk_never_lies_on_a_smaller_one() -> None:
    game = Hanoi("3-disks", None)
    game.reset(1)
    game.step("A to B")
    assert game.step("A to B").observation.text.startswith("Not allowed.")
    assert game.step("C to A").observation.text.startswith("Not allowed.")


def test_it_takes_sixty_lines_with_its_project_file(root: Path) -> None:
    files = (root / "plugins" / "automem-hanoi").glob("*.*")
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 60
