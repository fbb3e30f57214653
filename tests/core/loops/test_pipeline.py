"""The pipeline from its first command to its table, whatever interrupts it."""

import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from automem.errors import ConfigError, LimitReached, RunError
from automem.evaluate.progress import Progress
from automem.evaluate.replay import read_plan
from automem.loops.pipeline import (
    FinalTable,
    Pipeline,
    open_pipeline,
    page_is_current,
    read_table,
)
from automem.loops.watching import Watching
from automem.plugins import Plugins, load_plugins
from automem.records.ledger import PlayCost
from automem.run.config import parse_config
from automem.testing.toy import toy_entry_point
from automem.testing.toy_pipeline import pipeline_text

from .conftest import Opened, Whole, done


class Stopped(Exception):
    """As an interruption, at a known place."""


@dataclass(frozen=True, slots=True)
class Stopping(Watching):
    """Stops after the first evaluation that is played; `titles` are of all that were begun."""

    titles: list[str]

    @asynccontextmanager
    async def evaluation(self, progress: Progress, title: str) -> AsyncGenerator[None]:
        self.titles.append(title)
        yield
        raise Stopped


def timeless(table: FinalTable) -> FinalTable:
    rows = [msgspec.structs.replace(row, cost=PlayCost()) for row in table.rows]
    return msgspec.structs.replace(table, rows=tuple(rows))


def plays(pipeline: Pipeline) -> list[tuple[str, int]]:
    """Every report seed that was played, with its evaluation's key."""
    found = [read_plan(folder) for folder in pipeline.run.evaluations()]
    return [(plan.key, seed) for plan in found for seed in plan.seeds if seed >= 500]


def test_the_table_has_everything_that_was_kept_and_the_baselines(whole: Whole) -> None:
    table = whole[1]
    adapter = next(row.adapter for row in table.rows if row.kind == "specialist")
    assert [(row.name, row.kind, row.revision, row.parent) for row in table.rows] == [
        ("forgetful", "scaffold", 0, ""),
        ("noting", "scaffold", 1, ""),
        ("noting+t001-a1", "specialist", 1, "noting"),
        ("window of 10", "baseline", 0, ""),
        ("window of 10 with chain of thought", "baseline", 0, ""),
    ]
    assert table.rows[2].evaluations and len(adapter) == 16
    assert (table.seeds, table.tasks) == (tuple(range(500, 508)), ("default",))
    assert [loop.name for loop in table.loops] == ["evolve", "train"]


def test_each_row_is_compared_with_the_first_and_a_specialist_with_one_model(whole: Whole) -> None:
    first, noting, specialist, *_ = whole[1].rows
    assert first.over_first is None and first.over_parent is None
    assert noting.over_first is not None and noting.over_first.n == 8
    assert noting.mean > first.mean and noting.over_first.mean_difference > 0
    assert specialist.over_parent is not None and specialist.over_first is not None
    assert specialist.over_parent.mean_difference == specialist.mean - noting.mean
    assert {"log_writes_per_search", "growth"} & {m.name for m in noting.measures}


def test_each_version_meets_each_report_seed_once_and_only_in_the_end(whole: Whole) -> None:
    pipeline, table = whole
    keys = [key for row in table.rows for key in row.evaluations]
    assert sorted(plays(pipeline)) == sorted((key, seed) for key in keys for seed in table.seeds)
    assert len(keys) == len(set(keys)) == len(table.rows)
    last = max(p.evaluation.stat().st_mtime_ns for p in pipeline.run.evaluations())
    ledger = pipeline.run.ledger.stat().st_mtime_ns
    begun = [pipeline.run.evaluation(key).plan.stat().st_mtime_ns for key in keys]
    assert ledger < min(begun) and last < pipeline.run.pipeline.stat().st_mtime_ns


def test_a_second_run_comes_to_the_same_table(whole: Whole, opened: Opened) -> None:
    assert timeless(done(opened())) == timeless(whole[1])


def test_the_same_command_again_reads_what_is_there(copied: Pipeline, whole: Whole) -> None:
    before = copied.run.pipeline.stat().st_mtime_ns
    titles: list[str] = []
    assert done(copied, Stopping("plain", io.StringIO(), titles)) == whole[1]
    assert titles == [] and copied.run.pipeline.stat().st_mtime_ns == before


def test_stopped_after_every_evaluation_it_ends_as_if_it_never_was(
    opened: Opened, whole: Whole
) -> None:
    titles: list[str] = []
    table = None
    while table is None:
        try:
            table = done(opened(), Stopping("plain", io.StringIO(), titles))
        except Stopped:
            continue
    assert timeless(table) == timeless(whole[1])
    assert len(titles) == len(set(titles)) == 3 + 5


def test_a_limit_of_the_run_holds_for_all_stages_together(opened: Opened, whole: Whole) -> None:
    limit = whole[1].tokens // 2
    with pytest.raises(LimitReached, match="run_tokens"):
        done(opened(f"limits.run_tokens={limit}"))
    assert timeless(done(opened())) == timeless(whole[1])


def test_once_report_seeds_were_played_nothing_further_is_tried(copied: Pipeline) -> None:
    again = open_pipeline(
        parse_config(pipeline_text(copied.run.path.parents[1]), ("train.adapters=2",)),
        copied.plugins,
    )
    with pytest.raises(RunError, match="played report seeds already"):
        done(again)


def test_the_table_is_written_again_where_it_was_lost(copied: Pipeline, whole: Whole) -> None:
    copied.run.pipeline.unlink()
    assert read_table(copied.run) is None and not page_is_current(copied.run)
    assert done(copied) == whole[1] == read_table(copied.run)
    copied.run.pipeline.write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="writes it again"):
        read_table(copied.run)


def test_a_lost_adapter_is_named(copied: Pipeline, whole: Whole) -> None:
    row = whole[1].rows[2]
    (copied.run.adapters / row.adapter).rename(copied.run.path / "elsewhere")
    with pytest.raises(RunError, match=r"the adapter of t001-a1 is lost"):
        done(copied)


def test_the_stages_are_told(opened: Opened) -> None:
    stream = io.StringIO()
    done(opened("pipeline.baselines=false"), Watching("plain", stream))
    told = stream.getvalue()
    for line in (
        "stage 1 of 3: evolve",
        "evolve: everything was kept; the best is noting",
        "stage 2 of 3: train",
        "stage 3 of 3: report seeds",
        "report seeds, 3 of 3: noting+t001-a1",
    ):
        assert line in told


def test_one_loop_is_a_pipeline_too(tmp_path: Path, plugins: Plugins) -> None:
    text = pipeline_text(tmp_path).split("[evolve]")[0] + "[train]\nadapters = 2\n"
    table = done(open_pipeline(parse_config(text, ("pipeline.baselines=false",)), plugins))
    assert [row.name for row in table.rows] == [
        "forgetful",
        "forgetful+t001-a1",
        "forgetful+t002-a1",
    ]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("agent.name=window",), "plays without a scaffold"),
        (("seeds.report=[]",), r"\[seeds\] report is empty"),
        (("roles.memory.adapter=mine",), "trains its own; remove the key"),
    ],
)
def test_what_cannot_be_worked_through_is_refused(
    opened: Opened, overrides: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        opened(*overrides)


def test_a_configuration_without_loops_is_refused(tmp_path: Path, plugins: Plugins) -> None:
    text = pipeline_text(tmp_path).split("[evolve]")[0]
    with pytest.raises(ConfigError, match="there is neither"):
        open_pipeline(parse_config(text), plugins)


def test_a_section_without_its_loop_is_refused(tmp_path: Path) -> None:
    config = parse_config(pipeline_text(tmp_path))
    with pytest.raises(ConfigError, match=r"\[evolve\]: no loop named 'evolve'"):
        open_pipeline(config, load_plugins(entry_points=[toy_entry_point()]))


def test_what_a_loop_refuses_is_refused_before_anything_is_played(opened: Opened) -> None:
    with pytest.raises(RuntimeError, match="not here"):
        opened('train.refuses="not here"').check()
