"""The report of a run with a ledger: what was tried, and what was kept as one version each."""

from __future__ import annotations

import shutil
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.errors import RunError
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.files import write_json
from automem.plugins import Plugins
from automem.records.gate import Pair
from automem.records.ledger import GateStage, PlayCost, Trial, WithoutCode
from automem.records.repeats import FalseAccepts, Repeat
from automem.report.page import Page, render
from automem.report.source import versions_of
from automem.report.tried import false_accepts, tried_rows
from automem.run.config import render_config
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial
from automem.scaffold.content import content_hash, copy_into
from automem.testing.toy import toy_scaffold

from .conftest import child_scaffold, config_of


@pytest.fixture(scope="module")
def staged(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """First on two seeds, the kept child in two stages, a dropped one; not to be changed."""
    folder = tmp_path_factory.mktemp("staged")
    child = child_scaffold(folder / "toy-child")
    dropped = child_scaffold(folder / "dropped")
    (dropped / "files" / "notes.txt").write_text("worse\n", encoding="utf-8")
    run = RunFolder(folder / "toys")

    async def play() -> None:
        for scaffold, seeds in (
            ("toy", (1, 2, 3)),
            (str(child), (1,)),
            (str(child), (2, 3)),
            (str(dropped), (1,)),
        ):
            config = config_of(folder, scaffold)
            await evaluate(config, plugins, run, progress=Progress(), seeds=seeds)

    anyio.run(play)
    config = config_of(folder, "toy", seeds=(1, 2))
    run.config.write_text(render_config(config), encoding="utf-8")
    first = trial(run, dropped, "001-a", "dropped")
    append_trial(run.ledger, first)
    append_trial(run.ledger, trial(run, child, "001-b", "kept"))
    lost = msgspec.structs.replace(first, review="reviews/002-a", candidate="", stages=())
    append_trial(run.ledger, lost)
    return run


def trial(run: RunFolder, scaffold: Path, name: str, verdict: str) -> Trial:
    copy = copy_into(scaffold, run.scaffolds)
    stage = GateStage(
        stage="first",
        decision="keep" if verdict == "kept" else "drop",
        why="",
        fresh=verdict == "kept",
        pairs=(Pair(task="default", seed=1, before=0.25, after=0.5),),
        before=25.0,
        after=50.0,
        difference=25.0,
        p=0.0123 if verdict == "kept" else None,
    )
    return Trial(
        at="2026-11-20T12:00:00+00:00",
        settings="s",
        revision=1,
        attempt=1,
        review=f"reviews/{name}",
        parent=content_hash(toy_scaffold()),
        parent_name="toy",
        candidate=content_hash(copy),
        candidate_name="toy-child",
        change="Signs are <b>noted</b>.",
        verdict="kept" if verdict == "kept" else "dropped",
        why="as the gate says",
        stages=(stage,),
        without_code=WithoutCode(mean=31.5, standard_error=None, with_code=50.0, evaluations=()),
    )


@pytest.fixture
def run(staged: RunFolder, tmp_path: Path) -> RunFolder:
    """The run, to be changed at will."""
    shutil.copytree(staged.path, tmp_path / "toys")
    return RunFolder(tmp_path / "toys")


def test_what_was_kept_is_one_version_on_the_search_seeds_with_its_stages_put_together(
    staged: RunFolder,
) -> None:
    first, child = versions_of([staged], measured=True)
    assert (first.label, child.label) == ("toy", "toy-child")
    assert first.plan.seeds == child.plan.seeds == (1, 2)
    assert [len(version.parts) for version in (first, child)] == [1, 2]
    for version in (first, child):
        assert version.evaluation is not None and version.evaluation.behaviour is not None
        assert [result.seed for result in version.results] == [1, 2]
        assert [seed for _, seed, _ in version.episodes()] == [1, 2]


def test_the_report_seeds_are_shown_where_every_version_was_played_on_them(run: RunFolder) -> None:
    text = run.config.read_text(encoding="utf-8")
    run.config.write_text(text.replace("report = []", "report = [3]"), encoding="utf-8")
    assert [version.plan.seeds for version in versions_of([run])] == [(3,), (3,)]
    run.config.write_text(text.replace("report = []", "report = [3, 4]"), encoding="utf-8")
    assert [version.plan.seeds for version in versions_of([run])] == [(1, 2), (1, 2)]


def test_without_a_configuration_the_seeds_that_all_share_are_shown(run: RunFolder) -> None:
    run.config.write_text("no = [", encoding="utf-8")
    assert [version.plan.seeds for version in versions_of([run])] == [(1, 2, 3), (1, 2, 3)]


def test_a_version_that_lacks_an_episode_has_no_evaluation(run: RunFolder) -> None:
    child = versions_of([run])[1]
    child.episode("default", 2).result.unlink()
    assert versions_of([run])[1].evaluation is None


def test_what_has_nothing_to_do_with_the_ledger_is_shown_as_it_was_played(run: RunFolder) -> None:
    (other,) = [
        f for f in run.evaluations() if f.path.name == versions_of([run])[0].folder.path.name
    ]
    copied = run.evaluation("another")
    shutil.copytree(other.path, copied.path)
    plan = copied.plan.read_text(encoding="utf-8")
    name = content_hash(toy_scaffold())
    copied.plan.write_text(plan.replace(name, "0" * 16), encoding="utf-8")
    assert [version.plan.seeds for version in versions_of([run])][2:] == [(1, 2, 3)]


def test_every_line_of_the_ledger_is_a_row_with_its_difference(staged: RunFolder) -> None:
    dropped, kept, lost = tried_rows(staged)
    assert "scaffold.toml" in {file.name for file in kept.files}
    assert dropped.trial.verdict == "dropped" and dropped.files and lost.files == ()


def test_the_page_tells_what_was_tried_harmlessly(staged: RunFolder) -> None:
    versions = versions_of([staged])
    html = render(Page(title="toys", runs=[staged], versions=versions, episodes=[]))
    assert '<a href="#tried">Tried</a>' in html
    section = html.split('<section id="tried"', 1)[1].split("</section>", 1)[0]
    for said in ("001-a", "001-b", "25.00", "50.00", "+25.00", "0.012", "31.50", "fresh seeds"):
        assert said in section
    assert "Signs are &lt;b&gt;noted" in section and "Differences in scaffold.toml" in section


def test_the_page_tells_how_often_a_gate_took_noise_for_progress(run: RunFolder) -> None:
    assert false_accepts(run) is None
    found = FalseAccepts(
        scaffold="0" * 16,
        name="<b>toy",
        gate="two_stage",
        repeats=tuple(
            [Repeat(number=n, accepted=n == 1, why="", seeds=5, difference=0.0) for n in (1, 2)]
        ),
        accepted=1,
        rate=0.5,
        interval=(0.1, 0.9),
        cost=PlayCost(),
    )
    write_json(run.against_itself, found)
    versions = versions_of([run])
    html = render(Page(title="toys", runs=[run], versions=versions, episodes=[]))
    section = html.split('<section id="tried"', 1)[1].split("</section>", 1)[0]
    assert "&lt;b&gt;toy against itself, by the gate two_stage" in section
    assert "1 of 2 times, 50.0 % (95 % interval 10.0 to 90.0 %)" in section
    run.against_itself.write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="makes it again"):
        false_accepts(run)
