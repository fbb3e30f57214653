"""How far a game has come."""

from __future__ import annotations

import pytest

from automem_envs.nethack.progression import BENCHMARK, BEYOND, Progression


def test_the_greatest_of_depth_and_level_counts_and_never_falls() -> None:
    reached = Progression()
    assert reached.update(1, 1, "Dlvl:1 $:0", ascended=False) == ()
    assert reached.update(3, 1, "Dlvl:3 $:0", ascended=False) == ("Dlvl:3",)
    assert reached.benchmark == reached.corrected == BENCHMARK["Dlvl:3"]
    assert reached.update(1, 10, "Dlvl:1 $:0", ascended=False) == ("Xp:10",)
    assert reached.benchmark == BENCHMARK["Xp:10"]
    assert reached.update(0, 0, "", ascended=False) == ()
    assert reached.corrected == BENCHMARK["Xp:10"]


@pytest.mark.parametrize("place", ["Home 1", "Home 5", "Astral Plane"])
def test_places_the_benchmark_cannot_see_count_in_corrected(place: str) -> None:
    reached = Progression()
    assert reached.update(1, 1, f"{place} $:0 HP:9(9)", ascended=False) == (place,)
    assert reached.corrected == BEYOND[place]
    assert reached.benchmark == 0.0


def test_winning_is_all_there_is() -> None:
    reached = Progression()
    assert "Ascended" in reached.update(0, 0, "", ascended=True)
    assert reached.corrected == 1.0


def test_the_table_is_the_benchmarks() -> None:
    depths = [BENCHMARK[f"Dlvl:{depth}"] for depth in range(1, 51)]
    levels = [BENCHMARK[f"Xp:{level}"] for level in range(1, 31)]
    assert depths == sorted(depths)
    assert levels == sorted(levels)
    assert [round(100 * depths[i - 1], 2) for i in (2, 10, 26, 50)] == [1.54, 12.56, 50.68, 80.68]
    assert [round(100 * levels[i - 1], 2) for i in (2, 10, 30)] == [1.85, 17.91, 78.05]
