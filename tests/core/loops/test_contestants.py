"""Versions with code are played a second time without it, or it is said why they cannot be."""

from pathlib import Path

import pytest

from automem.loops.pipeline import open_pipeline
from automem.plugins import Plugins
from automem.run.config import parse_config
from automem.testing.toy_pipeline import pipeline_text, scaffold

from .conftest import done

COUNTING = """
def remember(context):
    return {"state": {"steps": context["state"].get("steps", 0) + 1}}

def guard(context, action):
    if action == "say red" and context["counters"]["refused"] == 0:
        return {"reject": "Look it up."}
"""
LEANING = """
seen = []

def perceive(context):
    seen.append(context["step"])
    return {}

def remember(context):
    if context["step"] > 1 and not seen:
        raise ValueError("perceive was never asked")
    return {}
"""
FEW = ("seeds.report=[500, 501]", "pipeline.baselines=false")


def text_with(folder: Path, *codes: str) -> str:
    made = [scaffold(folder, f"coded-{number}") for number, _ in enumerate(codes)]
    for each, code in zip(made, codes, strict=True):
        (each / "code.py").write_text(code, encoding="utf-8")
    listed = ", ".join(f'"{each}"' for each in made)
    return f"{pipeline_text(folder).split('[evolve]')[0]}[evolve]\nscaffolds = [{listed}]\n"


def test_a_version_with_code_has_a_row_without_it_or_says_why_not(
    tmp_path: Path, plugins: Plugins
) -> None:
    text = text_with(tmp_path, COUNTING, LEANING)
    table = done(open_pipeline(parse_config(text, FEW), plugins))
    assert [(row.name, row.kind, row.parent) for row in table.rows] == [
        ("forgetful", "scaffold", ""),
        ("coded-0", "scaffold", ""),
        ("coded-0 (memory only)", "memory_only", "coded-0"),
        ("coded-1", "scaffold", ""),
    ]
    _, coded, bare, leaning = table.rows
    assert coded.without_code == bare.mean and bare.hash == coded.hash
    assert bare.over_parent is not None
    assert bare.over_parent.mean_difference == pytest.approx(bare.mean - coded.mean)
    assert leaning.without_code is None and "perceive was never asked" in leaning.code_is_needed


def test_code_is_not_left_out_where_nobody_asks(tmp_path: Path, plugins: Plugins) -> None:
    text = text_with(tmp_path, COUNTING)
    pipeline = open_pipeline(parse_config(text, (*FEW, "pipeline.memory_only=false")), plugins)
    assert [row.name for row in done(pipeline).rows] == ["forgetful", "coded-0"]


def test_versions_of_one_name_are_told_apart(tmp_path: Path, plugins: Plugins) -> None:
    again = scaffold(tmp_path / "other", "forgetful", ("plan_turns = 3", "plan_turns = 2"))
    text = pipeline_text(tmp_path).split("[evolve]")[0] + f'[evolve]\nscaffolds = ["{again}"]\n'
    table = done(open_pipeline(parse_config(text, FEW), plugins))
    assert [row.name for row in table.rows] == ["forgetful, revision 0", "forgetful, revision 1"]
