"""The final table on the page: comparisons, the paper's figures, trainings, several runs."""

import io
import re
import shutil
from importlib import metadata
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.evaluate.statistics import Paired
from automem.files import write_json, write_text
from automem.loops.final import FinalRow
from automem.loops.loop import LoopDone
from automem.loops.pipeline import FinalTable, Pipeline, open_pipeline, read_table, work
from automem.loops.watching import Watching
from automem.plugins import load_plugins
from automem.records.ledger import Trained
from automem.records.training import LoraSettings
from automem.report.building import build_report
from automem.report.finals import finals, together
from automem.report.page import Page, render
from automem.report.published import beside, champion
from automem.report.source import versions_of
from automem.report.trainings import loss_curves, settings_text, training_rows
from automem.report.tried import tried_rows
from automem.run.config import parse_config, render_config
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial, read_ledger
from automem.testing.loops import fake_loops_entry_point
from automem.testing.toy import toy_entry_point
from automem.testing.toy_pipeline import pipeline_text


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Over, with its table; not to be changed."""
    plugins = load_plugins(entry_points=[toy_entry_point(), fake_loops_entry_point()])
    config = parse_config(pipeline_text(tmp_path_factory.mktemp("finals")))
    opened = open_pipeline(config, plugins)
    write_text(opened.run.config, render_config(config))
    anyio.run(work, opened, Watching("plain", io.StringIO()))
    return opened


@pytest.fixture
def run(pipeline: Pipeline, tmp_path: Path) -> RunFolder:
    """The same run, to be changed at will."""
    shutil.copytree(pipeline.run.path, tmp_path / "toys")
    return RunFolder(tmp_path / "toys")


def table_of(run: RunFolder) -> FinalTable:
    table = read_table(run)
    assert table is not None
    return table


def page_of(*runs: RunFolder) -> str:
    return render(Page(title="toys", runs=runs, versions=versions_of(runs), episodes=[]))


def section(html: str, name: str) -> str:
    return html.split(f'<section id="{name}"', 1)[1].split("</section>", 1)[0]


def test_every_version_of_the_table_is_one_of_the_page_on_the_report_seeds(
    pipeline: Pipeline,
) -> None:
    versions = versions_of([pipeline.run])
    assert [version.label for version in versions] == [
        row.name for row in table_of(pipeline.run).rows
    ]
    assert {version.plan.seeds for version in versions} == {tuple(range(500, 508))}
    assert all(version.evaluation is not None for version in versions)


def test_the_page_shows_means_differences_and_what_may_be_said_of_them(pipeline: Pipeline) -> None:
    html = page_of(pipeline.run)
    assert '<a href="#final">Final table</a>' in html
    shown = section(html, "final")
    first, noting, specialist, *_ = table_of(pipeline.run).rows
    assert noting.over_first is not None
    for said in (
        f"{first.mean:.2f}",
        f"{noting.over_first.mean_difference:+.2f}",
        f"{noting.over_first.p_wilcoxon:.4f}",
        "noting, one model",
        "no difference in any of 8 pairs",
        "writes per search in LOG",
        "evolve: 1 tried, 1 kept; everything was kept; the best is noting.",
    ):
        assert said in shown
    assert specialist.name in shown and "All runs together" not in shown


def test_the_page_fetches_nothing_and_replays_the_seeds_that_are_asked_for(
    run: RunFolder, tmp_path: Path
) -> None:
    found = [*metadata.entry_points(group="automem"), toy_entry_point()]
    path = tmp_path / "page.html"

    async def build() -> int:
        built = await build_report(
            [run], load_plugins(entry_points=found), path, frames="none", seeds=(500,)
        )
        return built.episodes

    assert anyio.run(build) == 5
    html = path.read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", html)


def test_a_game_of_the_paper_stands_beside_its_figures(run: RunFolder) -> None:
    table = msgspec.structs.replace(table_of(run), environment="crafter")
    evolve, train = table.loops
    assert champion(table, "evolve") == table.rows[1] and evolve.champion == "noting"
    assert champion(table, "train") == table.rows[2] and train.kept == 1
    assert [beside(table, row) for row in table.rows] == [
        (25.00, 5.50),
        (47.27, 2.05),
        (51.36, 3.81),
        (19.55,),
        (17.27,),
    ]
    assert beside(table_of(run), table.rows[0]) == ()
    write_json(run.pipeline, table)
    shown = section(page_of(run), "final")
    assert "47.27 &plusmn; 2.05" in shown and "0.84 to 0.39" in shown and "138 to 6.00" in shown


def test_where_nothing_was_kept_no_row_is_the_best(run: RunFolder) -> None:
    table = table_of(run)
    loops = tuple(msgspec.structs.replace(loop, champion_key="") for loop in table.loops)
    assert champion(msgspec.structs.replace(table, loops=loops), "train") is None
    assert champion(msgspec.structs.replace(table, loops=()), "evolve") is None
    lost = (msgspec.structs.replace(table.loops[0], champion_key="0" * 16),)
    assert champion(msgspec.structs.replace(table, loops=lost), "evolve") is None


def some(p: float) -> Paired:
    return Paired(
        n=10,
        mean_difference=5.0,
        standard_error=2.0,
        p_signflip=p,
        p_greater=p / 2,
        p_wilcoxon=p,
        smallest_p=0.002,
        interval=(1.0, 9.0),
        interval_signflip=(1.5, 8.5),
    )


def small_table(run: str, p: float) -> FinalTable:
    rows = (
        FinalRow(name="v0", hash="a", revision=0, mean=20.0, standard_error=1.0, evaluations=()),
        FinalRow(
            name="v1",
            hash="b",
            revision=1,
            mean=25.0,
            standard_error=1.0,
            over_first=some(p),
            evaluations=(),
            code_is_needed="its code fails in play",
        ),
    )
    loop = LoopDone(name="evolve", why="", tried=1, kept=1, champion="v1", champion_key="b")
    return FinalTable(
        run=run,
        environment=run,
        profile="corrected",
        tasks=("one", "two"),
        seeds=(1,),
        rows=rows,
        loops=(loop,),
        tokens=1,
        cost=0.0,
    )


def test_several_runs_are_adjusted_for_one_another(tmp_path: Path, run: RunFolder) -> None:
    runs = [RunFolder(tmp_path / name) for name in ("crafter", "minihack", "nethack")]
    for one, p in zip(runs, (0.01, 0.02, 0.03), strict=True):
        write_json(one.pipeline, small_table(one.name, p))
    found = together(finals([*runs, RunFolder(tmp_path / "none")]))
    assert {each.question for each in found} == {"the best scaffold over the first"}
    assert [each.p_holm for each in found] == [0.03, 0.04, 0.04]
    assert {each.reading for each in found} == {"unlikely to be chance (p at most 0.05)"}
    for one, p in zip(runs, (0.03, 0.02, 0.04), strict=True):
        write_json(one.pipeline, small_table(one.name, p))
    assert {each.reading for each in together(finals(runs))} == {"may be chance"}
    assert together(finals(runs[:1])) == []
    for one in runs[:2]:
        shutil.copytree(run.path / "evaluations", one.path / "evaluations")
    shown = section(page_of(*runs[:2]), "final")
    assert "each p adjusted by Holm" in shown and "its code fails in play" in shown


def test_trainings_are_drawn_and_told_with_their_settings(run: RunFolder) -> None:
    (row,) = training_rows([run])
    assert (row.name, row.losses, row.tokens, row.seconds) == (
        "t001-a1",
        (2.0, 1.5, 1.25),
        300,
        1.5,
    )
    last = read_ledger(run.ledger, "recipe")[-1]
    made = Trained(
        adapter="0" * 16,
        data="d" * 16,
        trainer="peft",
        base="tiny",
        lora=LoraSettings(rank=8, epochs=2),
        examples=300,
        steps=12,
        first_loss=2.5,
        last_loss=0.5,
        seconds=60.0,
    )
    dropped = msgspec.structs.replace(
        last, candidate="", verdict="dropped", trained=made, evaluations=(), revision=2
    )
    append_trial(run.ledger, dropped)
    append_trial(run.ledger, msgspec.structs.replace(dropped, trained=None, verdict="refused"))
    rows = training_rows([run])
    assert [each.trial.verdict for each in rows] == ["kept", "dropped"]
    shown = section(page_of(run), "trainings")
    assert settings_text(made.lora) in shown and "Loss by step" in shown
    assert settings_text(made.lora).startswith("rank 8, alpha 32, learning rate 5e-05, 2 epochs, q")
    for said in ("t001-a1: 2.000 to 1.250", "2.500", "0.500", "1 min 00 s"):
        assert said in shown
    assert training_rows([run, run])[0].name == "toys: t001-a1"


def test_a_torn_line_of_progress_ends_the_curve(run: RunFolder) -> None:
    (row,) = training_rows([run])
    progress = run.adapters / row.trial.candidate / "progress.jsonl"
    progress.write_bytes(progress.read_bytes()[:-20])
    assert training_rows([run])[0].losses == (2.0, 1.5)
    progress.unlink()
    assert training_rows([run]) == [] and loss_curves([]) is None


def test_a_long_training_is_drawn_with_few_points(run: RunFolder) -> None:
    (row,) = training_rows([run])
    drawn = loss_curves([msgspec.structs.replace(row, losses=tuple([1.0] * 1000))])
    assert drawn is not None and drawn.count("L") < 220


def test_a_recipe_is_shown_whole(run: RunFolder) -> None:
    trial = read_ledger(run.ledger, "recipe")[-1]
    overlay = run.path / trial.review / "overlay"
    overlay.mkdir(parents=True)
    (overlay / "recipe.toml").write_text('data = "select"\n', encoding="utf-8")
    change, recipe = tried_rows(run)
    assert [file.name for file in recipe.files] == ["recipe.toml"]
    assert recipe.files[0].rows[0].text == 'data = "select"' and change.trial.kind == "scaffold"
