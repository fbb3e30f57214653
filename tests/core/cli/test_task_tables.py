"""A game of several tasks shows the score of each, and the benchmark's own beside it."""

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from automem.cli.tables import benchmark_score, evaluations_table
from automem.cli.task_tables import tasks_tables
from automem.records.result import EpisodeResult, Evaluation, TaskScore
from automem.records.trace import Totals


def _episode(task: str, seed: int, progression: float, benchmark: float | None) -> EpisodeResult:
    return EpisodeResult(
        environment="toy",
        task=task,
        seed=seed,
        reason="won",
        progression=progression,
        benchmark_progression=benchmark,
        totals=Totals(),
    )


@pytest.fixture
def evaluation() -> Evaluation:
    return Evaluation(
        key="f" * 16,
        name="toy",
        environment="toy",
        profile="",
        agent="logplan",
        scaffold="",
        scaffold_name="toy",
        roles={},
        tasks=("default", "other"),
        seeds=(1, 2),
        mean=75.0,
        standard_error=25.0,
        balrog_standard_error=0.0,
        scores=(
            TaskScore(task="default", episodes=2, mean=100.0, standard_error=0.0),
            TaskScore(task="other", episodes=2, mean=50.0, standard_error=50.0),
        ),
        episodes=(
            _episode("default", 1, 1.0, 1.0),
            _episode("default", 2, 1.0, 0.0),
            _episode("other", 1, 1.0, 1.0),
            _episode("other", 2, 0.0, 0.0),
        ),
        totals=Totals(),
    )


def _shown(*tables: Any) -> str:
    screen = Console(width=100, file=io.StringIO())
    screen.print(*tables)
    return screen.file.getvalue()


def test_each_task_has_a_line_and_the_last_is_their_stratified_mean(evaluation: Evaluation) -> None:
    lines = _shown(*tasks_tables([evaluation])).splitlines()
    assert any(line.split()[:3] == ["default", "2", "100.00"] for line in lines)
    assert any("50.00 ± 50.00" in line and line.split()[0] == "other" for line in lines)
    assert any("all, tasks as strata" in line and "75.00 ± 25.00" in line for line in lines)


def test_the_benchmark_score_stands_beside_where_every_episode_has_one(
    evaluation: Evaluation,
) -> None:
    assert benchmark_score(evaluation, "default") == "50.00 ± 50.00"
    assert "benchmark's own %" in _shown(*tasks_tables([evaluation]))
    assert "benchmark's own %" in _shown(evaluations_table([evaluation]))
    plain = tuple(
        msgspec.structs.replace(e, benchmark_progression=None) for e in evaluation.episodes
    )
    without = msgspec.structs.replace(evaluation, episodes=plain)
    assert "benchmark" not in _shown(*tasks_tables([without]))
    assert "benchmark" not in _shown(evaluations_table([without]))


def test_a_game_of_one_task_has_no_such_table(evaluation: Evaluation) -> None:
    one = msgspec.structs.replace(evaluation, tasks=("default",))
    assert tasks_tables([one]) == []
