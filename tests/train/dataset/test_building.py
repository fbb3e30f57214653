"""From a run and a selection to a data set that is what the traces say."""

import shutil
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.episode.reader import open_trace
from automem.episode.stream import stream_events
from automem.episode.writing import TraceWriter
from automem.errors import AutoMemError, DataError
from automem.files import write_text
from automem.records.config import SeedsSection
from automem.records.trace import Asked
from automem.run.config import load_config, render_config
from automem.run.layout import RunFolder
from automem_train.dataset.building import build_data
from automem_train.dataset.folder import DataFolder, data_folders, locate_data
from automem_train.dataset.proving import prove
from automem_train.dataset.record import Example
from automem_train.select.selection import (
    Chooser,
    EpisodeChoice,
    Named,
    Selection,
    load_selection,
)
from automem_train.turns.source import complete_evaluations, sources_of
from automem_train.turns.table import turn_table

WRITES = """
def score(turn):
    if any(one["kind"] in ("append", "search") for one in turn["operations"]):
        return turn["gain"]
"""


def build(run: RunFolder, score: str = WRITES, **keys: object) -> DataFolder:
    selection = Selection(criteria="it writes", **keys)  # pyright: ignore[reportArgumentType]
    return anyio.run(build_data, run, Chooser(selection=selection, score=score))


def ids_of(run: RunFolder) -> list[str]:
    table = turn_table(run, sources_of(run, complete_evaluations(run)))
    return [turn.id for turn in table.turns()]


def test_every_turn_is_an_example_or_refused_with_a_reason(run: RunFolder) -> None:
    data = build(run)
    examples, refused = list(data.read_examples()), list(data.read_rejected())
    assert sorted([e.id for e in examples] + [r.id for r in refused]) == sorted(ids_of(run))
    report = data.read_report()
    assert report.sums.examples == report.proven == len(examples) > 10
    assert sum(report.sums.rejected.values()) == len(refused)
    assert {example.phase for example in examples} == {"log", "plan"}
    assert all(reject.stratum.startswith(reject.shape) for reject in refused)


def test_an_example_is_the_conversation_of_the_trace_up_to_its_reply(run: RunFolder) -> None:
    for example in build(run).read_examples():
        folder = run.evaluation(example.evaluation).episode(example.task, example.seed)
        step = open_trace(folder).step(example.step)
        talk = step.conversation(example.phase)
        assert list(example.messages[:-1]) == talk[: len(example.messages) - 1]
        assert example.target in talk[len(example.messages) - 1].content
        assert talk[len(example.messages) - 1].role == "assistant"


def test_the_same_run_and_selection_give_the_same_data_set(
    run: RunFolder, one_model: RunFolder, tmp_path: Path
) -> None:
    first = build(run)
    written = first.examples.stat().st_mtime_ns
    assert build(run) == first
    assert first.examples.stat().st_mtime_ns == written
    shutil.copytree(one_model.path, tmp_path / "elsewhere")
    other = build(RunFolder(tmp_path / "elsewhere"))
    assert other.path.name == first.path.name
    assert other.report.read_bytes() == first.report.read_bytes()
    assert build(run, minimum=2) != first


def test_what_an_interrupted_command_left_is_replaced(run: RunFolder) -> None:
    whole = build(run)
    rest = run.data / ".new"
    rest.mkdir()
    (rest / "examples.jsonl").write_text("half", encoding="utf-8")
    whole.report.unlink()
    assert data_folders(run) == []
    assert build(run) == whole
    assert data_folders(run) == [whole]
    assert not rest.exists()


def test_turns_are_named_and_excluded_by_id(run: RunFolder) -> None:
    log = [text for text in ids_of(run) if "/log/" in text]
    data = build(
        run,
        score="",
        include=(Named(id=log[3], reason="a sign"),),
        exclude=(Named(id=log[0], reason="nothing happens"),),
    )
    (example,) = data.read_examples()
    assert (example.id, example.reason, example.score) == (log[3], "a sign", None)
    reasons = {reject.id: (reject.reason, reject.detail) for reject in data.read_rejected()}
    assert reasons.pop(log[0]) == ("excluded", "nothing happens")
    assert {reason for reason, _ in reasons.values()} == {"not_named"}


def test_only_the_best_episodes_are_learned_from(run: RunFolder) -> None:
    sources = sources_of(run, complete_evaluations(run))
    best = max(source.result.progression for source in sources)
    data = build(run, episodes=EpisodeChoice(best=0.3))
    names = {source.name for source in sources if source.result.progression == best}
    assert {example.episode for example in data.read_examples()} <= names
    none = build(run, episodes=EpisodeChoice(seeds=(2,)), minimum=1)
    assert {example.seed for example in none.read_examples()} == {2}
    assert none.read_report().sums.episodes.effective == 1.0
    with pytest.raises(DataError, match="gives 0 examples"):
        build(run, episodes=EpisodeChoice(tasks=("other",)))


def test_nothing_is_learned_from_seeds_kept_for_the_report(run: RunFolder) -> None:
    config = load_config(run.config)
    seeds = SeedsSection(search=(1, 2), train=(50,), report=(3,))
    write_text(run.config, render_config(msgspec.structs.replace(config, seeds=seeds)))
    data = build(run)
    assert {example.seed for example in data.read_examples()} == {1, 2}
    assert data.read_report().sums.seeds.keys() == {"search"}
    assert data.read_report().sums.rejected["report_seed"] > 0
    third = next(text for text in ids_of(run) if "/default/3/" in text)
    with pytest.raises(DataError, match="kept for the report"):
        build(run, include=(Named(id=third, reason="r"),))


def test_a_turn_of_the_gameplay_role_is_refused_where_two_models_play(
    two_models: RunFolder, tmp_path: Path
) -> None:
    shutil.copytree(two_models.path, tmp_path / "two")
    run = RunFolder(tmp_path / "two")
    table = turn_table(run, sources_of(run, complete_evaluations(run)))
    handed = [turn.id for turn in table.turns() if turn.position == "handoff"]
    data = build(run)
    assert data.read_report().sums.rejected.get("handoff", 0) == len(handed)
    assert all("ACTION" not in example.target for example in data.read_examples())


def test_an_id_that_is_not_there_is_named_with_a_near_one(run: RunFolder) -> None:
    near = ids_of(run)[0]
    with pytest.raises(DataError, match="did you mean"):
        build(run, include=(Named(id=f"{near}0", reason="r"),))


def test_too_few_examples_are_no_data_set(run: RunFolder) -> None:
    with pytest.raises(DataError, match="its minimum is 5000; refused: "):
        build(run, minimum=5000)
    assert data_folders(run) == []


def test_a_program_that_fails_for_a_few_turns_is_told(run: RunFolder) -> None:
    bad = ids_of(run)[0]
    data = build(run, score=f"def score(turn):\n    if turn['id'] == {bad!r}:\n        1 / 0\n"
                 "    return None if turn['phase'] == 'plan' else 1\n")  # fmt: skip
    assert data.read_report().score_faults == 1
    failed = [reject for reject in data.read_rejected() if reject.reason == "score_failed"]
    assert [reject.id for reject in failed] == [bad]
    assert "ZeroDivisionError" in failed[0].detail


def test_scores_below_the_threshold_are_kept_with_the_refused(run: RunFolder) -> None:
    score = "def score(turn):\n    return 0.5 if turn['phase'] == 'plan' else 0.1\n"
    data = build(run, score=score, threshold=0.3)
    low = [one for one in data.read_rejected() if one.reason == "below_threshold"]
    assert {one.score for one in low} == {0.1}


def changed(data: DataFolder, **fields: object) -> None:
    first, *rest = list(data.read_examples())
    rows = [msgspec.structs.replace(first, **fields), *rest]
    data.examples.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def another(example: Example) -> dict[str, dict[str, object]]:
    prompt, *rest = example.messages
    twice = msgspec.structs.replace(example.messages[-1], content=example.target + " ")
    end = example.spans[0][1]
    return {
        "its prompt is not": {
            "messages": (msgspec.structs.replace(prompt, content=prompt.content + "."), *rest)
        },
        "its target is not": {"messages": (*example.messages[:-1], twice)},
        "its stretches do not": {"spans": ((0, end + 10_000),)},
        "name another turn": {"seed": example.seed + 1000},
        "has no turn": {"id": f"{example.id}7", "turn": example.turn * 10 + 7},
        "has no step": {"id": example.id.replace(f"/{example.step}/log", "/999/log"), "step": 999},
        "is no id": {"id": "nothing"},
        "no trace": {"id": example.id.replace("/default/", "/other/"), "task": "other"},
    }


@pytest.mark.parametrize(
    "problem",
    [
        "its prompt is not",
        "its target is not",
        "its stretches do not",
        "name another turn",
        "has no turn",
        "has no step",
        "is no id",
        "no trace",
    ],
)
def test_a_changed_example_is_found(run: RunFolder, problem: str) -> None:
    data = build(run, episodes=EpisodeChoice(seeds=(1,)), phases=("log",))
    assert prove(run, data.path) == data.read_report().proven
    changed(data, **another(next(data.read_examples()))[problem])
    with pytest.raises(AutoMemError, match=problem):
        prove(run, data.path)


def test_an_example_that_stands_twice_is_found(run: RunFolder) -> None:
    data = build(run)
    first = data.examples.read_bytes().split(b"\n")[0] + b"\n"
    data.examples.write_bytes(first + data.examples.read_bytes())
    with pytest.raises(DataError, match="twice"):
        prove(run, data.path)


def test_a_line_that_cannot_be_read_is_named(run: RunFolder) -> None:
    data = build(run)
    data.examples.write_text("{}\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 1"):
        list(data.read_examples())
    data.report.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        data.read_report()
    with pytest.raises(DataError, match="cannot be read"):
        list(DataFolder(run.path).read_examples())


def test_a_data_set_is_found_by_the_beginning_of_its_hash(run: RunFolder) -> None:
    with pytest.raises(DataError, match="there is none yet; `automem data select` makes one"):
        locate_data(run)
    first = build(run)
    assert locate_data(run) == locate_data(run, first.path.name[:4]) == first
    build(run, minimum=2)
    with pytest.raises(DataError, match="2 data sets"):
        locate_data(run)
    with pytest.raises(DataError, match="no data set 'zz'"):
        locate_data(run, "zz")


def test_the_selection_that_is_shipped_chooses_of_both_phases(run: RunFolder, root: Path) -> None:
    chooser = load_selection(root / "configs" / "selection")
    few = msgspec.structs.replace(chooser.selection, minimum=1, shapes={"log/*": 0.5})
    data = anyio.run(build_data, run, msgspec.structs.replace(chooser, selection=few))
    assert {example.phase for example in data.read_examples()} == {"log", "plan"}


def test_a_shape_without_candidates_is_named_where_nothing_can_be_balanced(run: RunFolder) -> None:
    with pytest.raises(DataError, match=r"log/continue\* 0 for its share of 0.5"):
        build(run, shapes={"log/first*": 0.25, "log/continue*": 0.5, "plan/*": 0.25})


def test_replies_are_cleaned_and_every_rule_is_counted(run: RunFolder) -> None:
    source = sources_of(run, complete_evaluations(run))[0]
    said: dict[int, str] = {1: "Just words.", 2: "```\n{}\n```", 3: "{} I am done."}
    events = list(stream_events(source.folder.compacted))
    source.folder.compacted.unlink()
    with TraceWriter(source.folder.trace) as writer:
        for event in events:
            if isinstance(event, Asked) and event.phase == "log" and event.step in said:
                reply = said[event.step].format(event.reply)
                event = msgspec.structs.replace(event, reply=reply)
            writer.write(event)
    data = build(run, episodes=EpisodeChoice(seeds=(source.seed,)), phases=("log",))
    examples = {example.step: example for example in data.read_examples()}
    sums = data.read_report().sums
    assert 1 not in examples
    assert examples[2].rules == ("unwrap_fences", "cut_after_done")
    assert examples[2].target.endswith("<|DONE|>")
    assert examples[3].rules == ("cut_after_done",)
    assert sums.rules == {"cut_after_done": 2, "drop_without_operation": 1, "unwrap_fences": 1}
    assert sums.rejected["cleaning"] == 1
    (dropped,) = [one for one in data.read_rejected() if one.reason == "cleaning"]
    assert (dropped.detail, dropped.score is None) == ("drop_without_operation", False)
