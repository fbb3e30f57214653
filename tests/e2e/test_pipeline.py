"""Both real loops, the table and the page; stopped and killed anywhere, it ends the same."""

import io
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import msgspec
import pytest
from anyio.abc import Process

from automem.errors import RunError, TrainerError
from automem.evaluate.progress import Progress
from automem.evaluate.replay import read_plan
from automem.loops.pipeline import FinalTable
from automem.loops.watching import Watching
from automem.records.ledger import PlayCost, Trial
from automem.report.page import Page, render
from automem.report.source import versions_of
from automem.review.desk import Desk
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger

from .toy_loops import opened, play, prepared

DRIVER = Path(__file__).with_name("toy_loops.py")


class Stopped(Exception):
    """As an interruption, at a known place."""


@dataclass(frozen=True, slots=True)
class Stopping(Watching):
    """Stops after every evaluation, and after every review before it is closed."""

    @asynccontextmanager
    async def evaluation(self, progress: Progress, title: str) -> AsyncGenerator[None]:
        yield
        raise Stopped

    @asynccontextmanager
    async def review(self, desk: Desk, title: str) -> AsyncGenerator[None]:
        before = len(desk.events)
        yield
        if len(desk.events) > before:
            raise Stopped


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FinalTable]:
    """A pipeline that nothing interrupted; not to be changed."""
    folder = prepared(tmp_path_factory.mktemp("whole") / "pipeline")
    return folder, play(folder)


def run_of(folder: Path) -> RunFolder:
    return RunFolder(folder / "runs" / "toys")


def timeless(table: FinalTable) -> FinalTable:
    """A table without what depends on the clock."""
    rows = [msgspec.structs.replace(row, cost=PlayCost()) for row in table.rows]
    return msgspec.structs.replace(table, rows=tuple(rows))


def tried(folder: Path) -> list[tuple[str, str, str, float | None]]:
    lines: tuple[Trial, ...] = read_ledger(run_of(folder).ledger)
    return [(line.name, line.verdict, line.candidate, line.difference) for line in lines]


def asked(folder: Path) -> Counter[str]:
    """Every call of the player, by who is asked what: its identity."""
    return Counter((folder / "player.txt").read_text(encoding="utf-8").splitlines())


def report_plays(folder: Path) -> Counter[tuple[str, int]]:
    plans = [read_plan(each) for each in run_of(folder).evaluations() if each.plan.exists()]
    return Counter((plan.key, seed) for plan in plans for seed in plan.seeds if 500 <= seed < 508)


def test_both_loops_bring_what_the_table_says_on_seeds_that_were_never_looked_at(
    whole: tuple[Path, FinalTable],
) -> None:
    folder, table = whole
    names = [name for name, verdict, *_ in tried(folder) if verdict == "kept"]
    assert names == ["001-a", "t001-b1"]
    first, evolved, specialist, window, thinking = table.rows
    assert (first.name, evolved.name) == ("forgetful", "forgetful-r1a")
    assert specialist.name == "forgetful-r1a+t001-b1" and specialist.parent == evolved.name
    assert first.mean < evolved.mean < specialist.mean == 100.0
    over = specialist.over_parent
    assert over is not None and over.n == 8 and over.p_signflip < 0.05
    assert [row.kind for row in (window, thinking)] == ["baseline"] * 2
    keys = [key for row in table.rows for key in row.evaluations]
    assert report_plays(folder) == Counter({(k, seed): 1 for k in keys for seed in table.seeds})


def test_the_page_has_the_ledger_of_both_loops_and_every_version(
    whole: tuple[Path, FinalTable],
) -> None:
    run = run_of(whole[0])
    versions = versions_of([run])
    assert [version.label for version in versions] == [row.name for row in whole[1].rows]
    html = render(Page(title="toys", runs=[run], versions=versions, episodes=[]))
    for said in ("Final table", "t001-b1", "rank 16, alpha 16", "Learn every note", "score.py"):
        assert said in html


def test_stopped_after_every_evaluation_and_review_it_ends_the_same_at_the_same_price(
    tmp_path: Path, whole: tuple[Path, FinalTable]
) -> None:
    folder = prepared(tmp_path / "pipeline")
    table = None
    while table is None:
        try:
            table = play(folder, Stopping("plain", io.StringIO()))
        except Stopped:
            continue
    compare(folder, table, whole)
    assert asked(folder) == asked(whole[0])


def compare(folder: Path, table: FinalTable, whole: tuple[Path, FinalTable]) -> None:
    other, wanted = whole
    assert [(row.name, row.mean, row.over_first, row.over_parent) for row in table.rows] == [
        (row.name, row.mean, row.over_first, row.over_parent) for row in wanted.rows
    ]
    assert timeless(table).loops == timeless(wanted).loops
    assert tried(folder) == tried(other)
    for name in ("evolve.txt", "train.txt"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()
    assert set(report_plays(folder).values()) == {1}


def test_a_trainer_that_cannot_work_is_told_before_anything_is_played(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "pipeline")
    pipeline = opened(folder, 'train.trainer_options.refuses="no GPU"')
    with pytest.raises(TrainerError, match="no GPU"):
        pipeline.check()
    assert not list(run_of(folder).evaluations())


def test_once_it_ended_no_loop_tries_anything_further(whole: tuple[Path, FinalTable]) -> None:
    pipeline = opened(whole[0], "train.patience=2")
    with pytest.raises(RunError, match="played report seeds already"):
        anyio.run(pipeline.loops[1].work, Watching("plain", io.StringIO()), pipeline.player().purse)


async def until_killed(folder: Path, after: int | None) -> int:
    """Play until the end, or until so many more calls and lines have come."""
    async with await anyio.open_process(
        [sys.executable, DRIVER, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        async with anyio.create_task_group() as group:
            if after is not None:
                group.start_soon(kill_when, folder, happened(folder) + after, process)
            await process.wait()
            group.cancel_scope.cancel()
        return await process.wait()


async def kill_when(folder: Path, reached: int, process: Process) -> None:
    while happened(folder) < reached:  # noqa: ASYNC110 - files tell of no event
        await anyio.sleep(0.002)
    process.kill()


def happened(folder: Path) -> int:
    """Calls of the player; lines of reviews, of trainings and of the ledger weigh more."""
    run = run_of(folder)
    rare = [
        *run.path.glob("reviews/*/transcript.jsonl"),
        *run.path.glob("adapters/*/progress.jsonl"),
        run.ledger,
    ]
    lines = sum(path.read_bytes().count(b"\n") for path in rare if path.exists())
    player = folder / "player.txt"
    calls = player.read_bytes().count(b"\n") if player.exists() else 0
    return calls + 8 * lines


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.anyio
async def test_killed_again_and_again_it_ends_as_if_it_never_was(
    tmp_path: Path, whole: tuple[Path, FinalTable]
) -> None:
    folder = prepared(tmp_path / "pipeline")
    rng = random.Random(7)
    kills, code = 0, -1
    while code != 0:
        code = await until_killed(folder, rng.randint(20, 160) if kills < 25 else None)
        kills += code != 0
        assert code in (0, -9)
    assert kills >= 5
    table = msgspec.json.decode(run_of(folder).pipeline.read_bytes(), type=FinalTable)
    assert [(row.name, row.mean) for row in table.rows] == [
        (row.name, row.mean) for row in whole[1].rows
    ]
    assert tried(folder) == tried(whole[0]) and set(report_plays(folder).values()) == {1}
