"""Recorded episodes of the benchmark are played again, transition by transition."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from automem.evaluate.verify import read_source, verify_recording
from automem.records.environment import StepResult
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions, Profile

GOLDEN = Path(__file__).parents[2] / "golden" / "crafter"
RECORDINGS = sorted(GOLDEN.glob("*/*.jsonl.gz"))


class Looking(Crafter):
    """Draws a picture before every step."""

    def step(self, action: str) -> StepResult:
        assert self.frame(63) is not None
        return super().step(action)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recording_is_matched_to_the_last_transition(path: Path) -> None:
    source = read_source(path)
    options = CrafterOptions(profile=cast("Profile", source.profile))
    found = verify_recording(path, lambda: Crafter(source.task, options), source)
    assert found.first_difference is None
    assert found.matched == found.total > 100


def test_pictures_at_night_change_nothing() -> None:
    path = GOLDEN / "balrog" / "crafter_default_forage.jsonl.gz"
    options = CrafterOptions(profile="balrog")
    found = verify_recording(path, lambda: Looking("default", options), read_source(path))
    assert found.first_difference is None


def test_both_profiles_of_the_benchmark_are_covered() -> None:
    assert {path.parent.name for path in RECORDINGS} == {"balrog", "paper"}
    assert len(RECORDINGS) == 6
