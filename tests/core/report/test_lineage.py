"""Scaffolds are told with what changed from one to the next."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from automem.report.lineage import diff_rows, differences, lineage
from automem.report.source import Version


def test_a_child_is_compared_with_the_parent_its_manifest_names(versions: list[Version]) -> None:
    first, child = lineage(versions)
    assert (first.name, first.parent, first.files) == ("toy", None, ())
    assert (child.name, child.parent, child.inherited) == ("toy-child", 0, True)
    assert {file.name: file.state for file in child.files} == {
        "files/notes.txt": "new",
        "prompts/log.md": "changed",
        "scaffold.toml": "changed",
    }


def test_a_scaffold_without_a_known_parent_is_compared_with_the_one_before(
    versions: list[Version],
) -> None:
    child, first = lineage([replace(versions[1], number=0), replace(versions[0], number=1)])
    assert child.parent is None
    assert (first.parent, first.inherited) == (0, False)
    assert {file.state for file in first.files} == {"gone", "changed"}


def test_a_scaffold_played_twice_is_told_once(versions: list[Version]) -> None:
    assert len(lineage([versions[0], replace(versions[0], number=1)])) == 1


def test_agents_without_a_scaffold_have_no_lineage(versions: list[Version]) -> None:
    plan = msgspec.structs.replace(versions[0].plan, scaffold="")
    assert lineage([replace(versions[0], plan=plan)]) == []


def test_a_diff_gives_both_line_numbers_and_leaves_out_what_is_far() -> None:
    old = [f"line {number}" for number in range(1, 31)]
    new = [*old[:4], "changed", *old[5:25], *old[26:]]
    rows = list(diff_rows(old, new))
    assert [(row.kind, row.old, row.new) for row in rows if row.kind in ("gone", "new")] == [
        ("gone", 5, None),
        ("new", None, 5),
        ("gone", 26, None),
    ]
    assert sum(row.kind == "gap" for row in rows) == 1
    assert {row.text for row in rows} >= {"line 2", "line 8", "changed"}
    assert "line 15" not in {row.text for row in rows}


def test_equal_files_are_left_out_and_an_empty_new_one_is_not() -> None:
    found = list(differences({"a": "x\n", "b": "y\n"}, {"a": "x\n", "b": "z\n", "c": ""}))
    assert [(file.name, file.state, file.added, file.removed) for file in found] == [
        ("b", "changed", 1, 1),
        ("c", "new", 0, 0),
    ]
