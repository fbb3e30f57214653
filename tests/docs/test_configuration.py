"""The page of the configuration names every key, and no key that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automem.records.config import (
    AgentSection,
    AssumedSection,
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    PipelineSection,
    RoleSection,
    RunConfig,
    RunSection,
    SeedsSection,
)
from automem.records.model import Sampling
from automem.records.review import ReviewBudget
from automem_meta.config import EvolveSection

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "configuration.md"
KEYS = {
    "run": {*RunSection.__struct_fields__},
    "environment": {*EnvironmentSection.__struct_fields__} - {"options"},
    "agent": {*AgentSection.__struct_fields__},
    "scaffold": {"from"},
    "roles": {*RoleSection.__struct_fields__, *Sampling.__struct_fields__}
    - {"options", "sampling"},
    "seeds": {*SeedsSection.__struct_fields__},
    "limits": {*LimitsSection.__struct_fields__},
    "evaluation": {*EvaluationSection.__struct_fields__},
}


def section(name: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


def test_every_section_has_its_part_of_the_page() -> None:
    assert {*KEYS, "evolve", "train", "pipeline"} == {*RunConfig.__struct_fields__}
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings == [*list(KEYS), "evolve", "train", "pipeline"]


@pytest.mark.parametrize("name", KEYS)
def test_every_key_of_a_section_is_on_the_page_and_no_other(name: str) -> None:
    rows = re.findall(r"^\| (`.+?) \|", section(name), flags=re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == KEYS[name]


def test_every_key_of_the_loop_is_on_the_page() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section("evolve"), flags=re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    tables = set(re.findall(r"`\[evolve\.(\w+)\]`", section("evolve")))
    assert named | tables == {*EvolveSection.__struct_fields__}
    for key in ReviewBudget.__struct_fields__:
        assert f"`{key}`" in section("evolve")


def test_every_key_of_the_pipeline_is_on_the_page() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section("pipeline"), flags=re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    keys = {*PipelineSection.__struct_fields__, *AssumedSection.__struct_fields__} - {"assumed"}
    assert named == keys
