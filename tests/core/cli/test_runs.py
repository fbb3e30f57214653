"""`automem runs`, and how runs, evaluations and episodes are found."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from automem.cli.comparison import choose, compare_evaluations
from automem.cli.locate import is_run, locate_episode, locate_evaluation, locate_run, runs_in
from automem.cli.overview import details, status_lines
from automem.cli.tables import (
    episodes_table,
    evaluations_table,
    evaluations_tables,
    pairs_table,
    verdict,
)
from automem.episode.reader import open_trace
from automem.errors import EvaluationError, RunError
from automem.records.model import Usage
from automem.records.result import Evaluation
from automem.records.run import GitState, RunStatus
from automem.run.layout import RunFolder

from .conftest import Automem


def evaluation_of(toys: Path) -> Evaluation:
    (path,) = toys.glob("evaluations/*/evaluation.json")
    return msgspec.json.decode(path.read_bytes(), type=Evaluation)


def changed(evaluation: Evaluation, **changes: object) -> Evaluation:
    return msgspec.structs.replace(evaluation, **changes)


def put(toys: Path, evaluation: Evaluation) -> None:
    """A second evaluation in the run, made from the first."""
    (first,) = toys.glob("evaluations/*")
    folder = first.with_name(evaluation.key)
    shutil.copytree(first, folder)
    (folder / "evaluation.json").write_bytes(msgspec.json.encode(evaluation))


def test_runs_are_listed_with_their_status(call: Automem, toys: Path) -> None:
    done = call("runs", "list")
    assert "toys" in done.err and "finished" in done.err and "1 of 1 complete" in done.err
    assert "next: automem runs show runs/toys" in done.err
    (row,) = json.loads(call("runs", "list", "--json").out)
    assert (row["name"], row["status"], row["complete"]) == ("toys", "finished", 1)


def test_an_empty_folder_points_to_the_demo(call: Automem) -> None:
    done = call("runs", "list", "--json")
    assert json.loads(done.out) == []
    assert "no runs in runs" in done.err and "automem demo" in done.err


def test_a_damaged_status_is_listed_as_unknown(call: Automem, toys: Path) -> None:
    (toys / "run.json").write_text("{", encoding="utf-8")
    assert "unknown" in call("runs", "list").err
    assert call("runs", "show", "toys").code == 1


def test_a_run_is_shown_with_scores_tokens_and_money(call: Automem, toys: Path) -> None:
    done = call("runs", "show", "toys")
    assert "status: finished" in done.err and "100.00 ± 0.00" in done.err
    assert "0 in cached" in done.err and "cost: $0.00" in done.err
    assert "next: automem trace runs/toys" in done.err
    shown = json.loads(call("runs", "show", "toys", "--json").out)
    assert shown["evaluations"][0]["mean"] == 100.0


def test_an_incomplete_evaluation_is_shown_with_what_is_missing(call: Automem, toys: Path) -> None:
    (path,) = toys.glob("evaluations/*/evaluation.json")
    path.unlink()
    (toys / "evaluations").joinpath(path.parent.name, "episodes/default/2/result.json").unlink()
    done = call("runs", "show", "toys")
    assert f"not complete: toy {path.parent.name[:8]}, 1 of 2 episodes" in done.err
    assert "next: automem eval runs/toys/run.toml" in done.err
    assert "0 of 1 complete" in call("runs", "list").err
    assert "is not complete" in call("runs", "compare", "toys", "toys").err


def test_a_run_that_holds_nothing_yet_can_be_shown(call: Automem, folder: Path) -> None:
    (folder / "runs" / "bare" / "evaluations").mkdir(parents=True)
    done = call("runs", "show", "bare")
    assert (done.code, done.err) == (0, "bare: runs/bare\n")


def test_status_and_machine_are_told_as_far_as_they_are_known(toys: Path) -> None:
    run = RunFolder(toys)
    shown = details(run)
    status = shown.status
    assert status is not None
    hardware = msgspec.structs.replace(
        status.provenance.hardware, memory_bytes=None, gpus=("H200",)
    )
    for git, said in (
        (GitState(commit="a" * 40, dirty=True), "aaaaaaaaaaaa with changes"),
        (None, ""),
    ):
        provenance = msgspec.structs.replace(status.provenance, git=git, hardware=hardware)
        told: RunStatus = msgspec.structs.replace(
            status, status="failed", message="the engine is gone", provenance=provenance
        )
        text = "\n".join(status_lines(run, msgspec.structs.replace(shown, status=told)))
        assert "status: failed (the engine is gone)" in text
        assert f"{hardware.cores} cores, H200" in text
        assert said in text and ("commit:" in text) == (git is not None)


def test_an_unknown_price_makes_the_cost_of_a_run_unknown(toys: Path) -> None:
    evaluation = evaluation_of(toys)
    totals = msgspec.structs.replace(evaluation.totals, cost=None)
    shown = msgspec.structs.replace(
        details(RunFolder(toys)), evaluations=(evaluation, changed(evaluation, totals=totals))
    )
    assert "cost: price unknown" in "\n".join(status_lines(RunFolder(toys), shown))


def test_two_evaluations_of_a_run_are_compared_pair_by_pair(call: Automem, toys: Path) -> None:
    first = evaluation_of(toys)
    episodes = tuple(
        msgspec.structs.replace(episode, progression=0.25 * position)
        for position, episode in enumerate(first.episodes, start=1)
    )
    second = changed(
        first, key="f" * 16, name="other", scaffold_name="other", episodes=episodes, mean=37.5
    )
    put(toys, second)
    done = call("runs", "compare", "toys")
    assert "other - toy: -62.50 points over 2 pairs, SE 12.50, 95 % interval" in done.err
    assert "the smallest these pairs can reach is 0.5000" in done.err
    assert "can never reach p <= 0.05" in done.err
    assert "note: scaffold: toy against other" in done.err
    named = json.loads(call("runs", "compare", "toys:ffff", f"toys:{first.key}", "--json").out)
    assert named["paired"]["mean_difference"] == 62.5


def test_cached_and_uncached_prompt_tokens_are_shown_for_each_role(
    call: Automem, toys: Path
) -> None:
    first = evaluation_of(toys)
    assert first.totals.roles["memory"] + first.totals.roles["gameplay"] == first.totals.usage
    memory = Usage(input_tokens=4000, cached_tokens=3000, output_tokens=5)
    gameplay = Usage(input_tokens=2000, output_tokens=5)
    totals = msgspec.structs.replace(
        first.totals, usage=memory + gameplay, roles={"memory": memory, "gameplay": gameplay}
    )
    (path,) = toys.glob("evaluations/*/evaluation.json")
    path.write_bytes(msgspec.json.encode(changed(first, totals=totals)))
    said = call("runs", "show", "toys").err
    assert "tokens: 3,000 in uncached, 3,000 in cached" in said
    rows = {line.split("  ")[0].strip(): line.split("  ")[-1].strip() for line in said.splitlines()}
    assert rows["of them cached"] == "3,000 (50%)"
    assert rows["memory: in, cached"] == "4,000, 3,000 (75%)"
    assert rows["gameplay: in, cached"] == "2,000, 0"
    other = msgspec.structs.replace(totals, roles={"memory": memory})
    shown = evaluations_table([changed(first, totals=totals), changed(first, totals=other)])
    cells = list(shown.columns[2].cells)
    assert "" in cells


def test_enough_pairs_are_not_talked_down(toys: Path) -> None:
    first = evaluation_of(toys)
    many = tuple(
        msgspec.structs.replace(first.episodes[0], seed=seed, progression=0.5) for seed in range(8)
    )
    better = tuple(msgspec.structs.replace(e, progression=0.75) for e in many)
    a, b = changed(first, episodes=many), changed(first, episodes=better)
    assert "can never reach" not in verdict(a, b, compare_evaluations(a, b).paired)


def test_tables_are_cut_to_what_a_screen_holds(toys: Path) -> None:
    first = evaluation_of(toys)
    many = tuple(msgspec.structs.replace(first.episodes[0], seed=seed) for seed in range(50))
    long = changed(first, episodes=many)
    assert len(pairs_table(long, long).rows) == 42
    assert len(episodes_table(long).rows) == 41
    assert len(evaluations_tables([first] * 4)) == 2
    assert len(evaluations_tables([first] * 4, width=60)) == 2
    assert len(evaluations_tables([first] * 4, width=20)) == 4
    assert len(episodes_table(first).columns) == 8
    assert len(episodes_table(first, width=60).columns) == 5
    assert len(episodes_table(first, width=20).columns) == 4


def test_a_single_pair_has_no_error_to_show(toys: Path) -> None:
    one = changed(evaluation_of(toys), episodes=evaluation_of(toys).episodes[:1])
    text = verdict(one, one, compare_evaluations(one, one).paired)
    assert "SE" not in text and "interval" not in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"environment": "crafter"}, "the environment is 'toy' in toy and 'crafter' in toy"),
        ({"profile": "paper"}, "the profile is '' in toy and 'paper'"),
        ({"episodes": ()}, "only one side has"),
    ],
)
def test_what_cannot_be_paired_is_refused_with_a_reason(
    toys: Path, changes: dict[str, object], said: str
) -> None:
    first = evaluation_of(toys)
    with pytest.raises(EvaluationError, match=said):
        compare_evaluations(first, changed(first, **changes))


def test_one_run_with_one_evaluation_has_nothing_to_compare(toys: Path) -> None:
    with pytest.raises(RunError, match="has 1 complete evaluations, not two"):
        choose("toys", None, toys.parent)


def test_finished_traces_are_compacted_and_still_read(call: Automem, toys: Path) -> None:
    episodes = sorted(toys.glob("evaluations/*/episodes/default/*"))
    assert json.loads(call("runs", "compact", "toys", "--json").out)["compacted"] == 0
    for episode in episodes:
        events = b"".join(
            msgspec.json.encode(event) + b"\n"
            for event in open_trace(episode / "trace.jsonl.zst").events()
        )
        (episode / "trace.jsonl.zst").unlink()
        (episode / "trace.jsonl").write_bytes(events)
    (episodes[0] / "result.json").unlink()
    done = call("runs", "compact", "toys")
    assert "1 traces compacted, " in done.err and "1 unfinished ones left" in done.err
    assert (episodes[0] / "trace.jsonl").exists()
    assert open_trace(episodes[1] / "trace.jsonl.zst").count == 17


def test_runs_are_found_by_path_and_by_name(toys: Path) -> None:
    assert locate_run("runs/toys", Path("nowhere")).path == Path("runs/toys")
    assert locate_run("toys", Path("runs")).name == "toys"
    assert is_run(toys) and not is_run(toys.parent)
    assert [run.name for run in runs_in(Path("runs"))] == ["toys"]
    with pytest.raises(RunError, match="there are: toys"):
        locate_run("zzz", Path("runs"))
    with pytest.raises(RunError, match="there is none yet"):
        locate_run("zzz", Path("nowhere"))


def test_evaluations_are_found_by_name_and_by_the_beginning_of_their_key(toys: Path) -> None:
    run, first = RunFolder(toys), evaluation_of(toys)
    for text in ("", "toy", first.key, first.key[:4]):
        assert locate_evaluation(run, text)[1].key == first.key
    with pytest.raises(RunError, match=r"no evaluation named 'zzz' in .*there are:\n  "):
        locate_evaluation(run, "zzz")
    (toys / "evaluations" / "unplanned").mkdir()
    plan = toys / "evaluations" / first.key / "plan.json"
    other = toys / "evaluations" / "other"
    other.mkdir()
    other.joinpath("plan.json").write_bytes(plan.read_bytes())
    with pytest.raises(RunError, match=r"2 evaluations in .*name one by the beginning"):
        locate_evaluation(run)


@pytest.mark.parametrize("text", ["1", "default/1", "toy/1", "toy/default/1"])
def test_an_episode_is_found_by_as_much_as_tells_it_apart(toys: Path, text: str) -> None:
    assert locate_episode(RunFolder(toys), text).seed == "1"


def test_an_ambiguous_or_unknown_episode_lists_what_there_is(toys: Path) -> None:
    run, key = RunFolder(toys), evaluation_of(toys).key
    assert locate_episode(run, f"{key[:8]}/default/2").name == f"{key[:8]}/default/2"
    other = toys / "evaluations" / key / "episodes" / "other" / "1"
    other.mkdir(parents=True)
    with pytest.raises(RunError, match=rf"'1' is 2 episodes of .*\n  {key[:8]}/default/1  \(toy\)"):
        locate_episode(run, "1")
    for text in ("", "zzz/1"):
        with pytest.raises(RunError, match="there are:\n"):
            locate_episode(run, text)
    with pytest.raises(RunError, match=rf"did you mean 'toy'\?; there are:\n  {key[:8]}/default/2"):
        locate_episode(run, "toyy/2")
    (toys / "evaluations" / key / "plan.json").unlink()
    with pytest.raises(RunError, match="there are: none"):
        locate_episode(run, "1")
