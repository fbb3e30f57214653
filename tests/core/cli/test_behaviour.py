"""`automem runs show --behaviour`, and what `automem runs compare` refuses and adjusts."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.cli.behaviour import behaviour_tables, behaviours, number
from automem.cli.comparison import adjusted, compare_evaluations
from automem.records.behaviour import Unit
from automem.records.result import Evaluation
from automem.run.layout import RunFolder

from .conftest import Automem


def first_of(toys: Path) -> Path:
    (path,) = toys.glob("evaluations/*")
    return path


def evaluation_of(toys: Path) -> Evaluation:
    return msgspec.json.decode((first_of(toys) / "evaluation.json").read_bytes(), type=Evaluation)


def second(toys: Path, **plan: Any) -> Path:
    """Another evaluation of the run, in which the plan says something else."""
    folder = first_of(toys).with_name("f" * 16)
    shutil.copytree(first_of(toys), folder)
    changed = json.loads((folder / "plan.json").read_bytes()) | plan
    (folder / "plan.json").write_text(json.dumps(changed), encoding="utf-8")
    return folder


def test_behavior_of_memory_is_shown_with_both_kinds_of_mean(call: Automem, toys: Path) -> None:
    done = call("runs", "show", "toys", "--behaviour")
    assert done.code == 0
    assert "↓ empty searches, %" in done.err and "↑ written lines read again, %" in done.err
    assert "(macro)" in done.err and "(micro)" in done.err
    assert call("runs", "show", "toys", "--behavior").err == done.err


def test_behavior_is_printed_for_programs_with_the_counts_of_each_episode(
    call: Automem, toys: Path
) -> None:
    (shown,) = json.loads(call("runs", "show", "toys", "--behaviour", "--json").out)
    assert shown["name"] == "toy" and shown["summary"]["sums"]["searches"] == 8
    assert [(e["seed"], e["counts"]["steps"]) for e in shown["episodes"]] == [(1, 16), (2, 16)]
    assert {"name", "macro", "micro", "better"} <= set(shown["summary"]["measures"][0])


def test_a_run_without_a_complete_evaluation_has_no_behavior_yet(call: Automem, toys: Path) -> None:
    (first_of(toys) / "evaluation.json").unlink()
    done = call("runs", "show", "toys", "--behaviour", "--json")
    assert json.loads(done.out) == [] and "no complete evaluation in" in done.err


def test_the_table_of_behavior_holds_two_evaluations_side_by_side(toys: Path) -> None:
    (shown,) = behaviours(RunFolder(toys))
    summary = msgspec.structs.replace(shown.summary, measures=shown.summary.measures[1:])
    older = msgspec.structs.replace(shown, summary=summary)
    tables = behaviour_tables([shown, older, shown])
    assert [len(table.columns) for table in tables] == [5, 3]
    assert list(tables[0].columns[3].cells)[:2] == ["-", "0.0 ± 0.0"]


@pytest.mark.parametrize(
    ("value", "unit", "like", "text"),
    [
        (None, "ratio", None, "-"),
        (0.125, "share", None, "12.5"),
        (1234.5, "tokens", None, "1,234"),
        (12.34, "lines", None, "12.3"),
        (1.234, "ratio", None, "1.23"),
        (1.234, "tokens", 1000.0, "1"),
    ],
)
def test_numbers_have_as_many_digits_as_a_reader_needs(
    value: float | None, unit: Unit, like: float | None, text: str
) -> None:
    assert number(value, unit, like=like) == text


def test_an_incomplete_evaluation_is_refused_with_what_is_missing(
    call: Automem, toys: Path
) -> None:
    key = evaluation_of(toys).key
    folder = second(toys)
    (folder / "evaluation.json").unlink()
    (folder / "episodes/default/2/result.json").unlink()
    done = call("runs", "compare", f"toys:{key}", "toys:ffff")
    assert done.code == 1
    assert "is not complete, 1 of 2 episodes are finished" in done.err
    assert "automem eval runs/toys/run.toml" in done.err


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"options": {"rooms": 9}}, "environment.rooms is 4 in toy and 9 in toy"),
        ({"max_steps": 7}, "environment.max_steps is None in toy and 7 in toy"),
    ],
)
def test_another_game_is_refused_with_what_differs(
    call: Automem, toys: Path, plan: dict[str, Any], said: str
) -> None:
    plan_of = json.loads((first_of(toys) / "plan.json").read_bytes())
    if "options" in plan:
        plan = {"options": {**plan_of["options"], **plan["options"]}}
    key = evaluation_of(toys).key
    folder = second(toys, **plan)
    done = call("runs", "compare", f"toys:{key}", f"toys:{folder.name}")
    assert done.code == 1 and said in done.err
    assert said in call("runs", "compare", "toys").err


def test_another_environment_is_refused_by_its_name(call: Automem, toys: Path) -> None:
    key = evaluation_of(toys).key
    folder = second(toys, environment="crafter")
    other = json.loads((folder / "evaluation.json").read_bytes()) | {"environment": "crafter"}
    (folder / "evaluation.json").write_text(json.dumps(other), encoding="utf-8")
    done = call("runs", "compare", f"toys:{key}", "toys:ffff")
    assert done.code == 1 and "the environment is 'toy' in toy and 'crafter' in toy" in done.err


def test_evaluations_of_several_environments_are_adjusted_together(
    call: Automem, toys: Path
) -> None:
    one = evaluation_of(toys)
    many = tuple(
        msgspec.structs.replace(one.episodes[0], seed=s, progression=0.5) for s in range(6)
    )
    better = tuple(msgspec.structs.replace(e, progression=0.75) for e in many)
    a = msgspec.structs.replace(one, episodes=many)
    comparison = compare_evaluations(a, msgspec.structs.replace(one, episodes=better))
    same = compare_evaluations(a, a)
    assert comparison.p_holm == comparison.paired.p_signflip == 2 / 64
    assert [each.p_holm for each in adjusted([same, comparison])] == [1.0, 4 / 64]
    key = f"toys:{one.key}"
    done = call("runs", "compare", key, key, "--and", key, key, "--json")
    assert [each["p_holm"] for each in json.loads(done.out)] == [1.0, 1.0]
    assert "adjusted by Holm for 2 comparisons" in done.err
    assert "toy: +0.00 points, p 1.0000 -> 1.0000" in done.err


def test_both_intervals_and_the_one_sided_p_are_told(toys: Path) -> None:
    from automem.cli.tables import verdict

    one = evaluation_of(toys)
    many = tuple(
        msgspec.structs.replace(one.episodes[0], seed=seed, progression=0.1 * seed)
        for seed in range(6)
    )
    zero = tuple(msgspec.structs.replace(e, progression=0.0) for e in many)
    a, b = (msgspec.structs.replace(one, episodes=episodes) for episodes in (zero, many))
    text = verdict(a, b, compare_evaluations(a, b).paired)
    assert "+5.37 to +44.63 (t), +0.00 to +50.00 (sign-flip)" in text
    assert "one-sided, for toy being better: 0.0312" in text


def test_the_time_line_of_a_memory_is_shown_file_by_file(call: Automem, toys: Path) -> None:
    done = call("trace", "toys", "1", "--timeline")
    assert done.code == 0
    assert "signs.txt: 4 lines written, 0 never shown again" in done.out
    assert "searched 1x" in done.out and "in a slot" in done.out
    story = json.loads(call("trace", "toys", "1", "--timeline", "--json").out)
    assert story["steps"] == 17
    assert {line["file"] for line in story["lines"]} == {"signs.txt", "log.txt"}
