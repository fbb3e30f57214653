"""Each failure is found where it is, each edit is playable, whatever scaffold it is made of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from automem.review.memory_use import FileUse
from automem.review.scaffolds.changes import memory_changes
from automem.scaffold.check import check_scaffold
from automem.scaffold.content import texts, write_all
from automem.scaffold.load import load_scaffold
from automem.testing.toy import toy_scaffold
from automem_envs.crafter.scaffolds import crafter_map, crafter_v0
from automem_envs.minihack.scaffolds import minihack_map, minihack_v0
from automem_envs.nethack.scaffolds import nethack_map, nethack_v0
from automem_meta.providers.rules.catalogue import DETECTORS, proposals
from automem_meta.providers.rules.draft import Draft, toml
from automem_meta.providers.rules.proposal import Proposal

from .evidence import BAD, GOOD, PLACES, everything_wrong, evidence_of, operation

ROOT = Path(__file__).parents[3]
FULL = [
    folder.parent / folder.name.replace("-v0", "-full")
    for folder in (crafter_v0(), minihack_v0(), nethack_v0())
]
SCAFFOLDS = [
    crafter_v0(),
    crafter_map(),
    minihack_v0(),
    minihack_map(),
    nethack_v0(),
    nethack_map(),
    toy_scaffold(),
    *FULL,
]


def edited(folder: Path, proposal: Proposal) -> dict[str, str]:
    draft = Draft.of(texts(folder))
    proposal.change(draft)
    return draft.content()


def found(folder: Path, name: str) -> Proposal:
    return next(one for one in proposals(everything_wrong(folder)) if one.name == name)


@pytest.mark.parametrize("folder", SCAFFOLDS, ids=lambda folder: folder.name)
def test_every_edit_of_every_scaffold_can_be_played_and_is_one_of_memory(
    folder: Path, tmp_path: Path
) -> None:
    made = proposals(everything_wrong(folder))
    assert len({proposal.name for proposal in made}) == len(made)
    assert [p.weight for p in made] == sorted((p.weight for p in made), reverse=True)
    for number, proposal in enumerate(made):
        content = edited(folder, proposal)
        assert memory_changes(texts(folder), content), proposal.name
        assert content == edited(folder, proposal)
        assert write_all(content, tmp_path / str(number))
        scaffold = load_scaffold(tmp_path / str(number))
        assert check_scaffold(scaffold) == (), proposal.name


def test_all_detectors_find_something_where_everything_is_wrong() -> None:
    evidence = everything_wrong(crafter_v0())
    quiet = [detect.__name__ for detect in DETECTORS if not list(detect(evidence))]
    assert quiet == []


def test_the_docs_list_every_edit() -> None:
    page = (ROOT / "docs" / "guide" / "reviews.md").read_text(encoding="utf-8")
    table = page.partition("| edit | made where |")[2]
    listed = {name.partition(":")[0] for name in re.findall(r"`([a-z-]+(?::\w+)*)`", table)}
    made = {one.name.partition(":")[0] for one in proposals(everything_wrong(crafter_v0()))}
    few = operation("SEARCH", "search", "map_notes.txt", 100, hits=2_000, shown=400_000)
    made |= {
        one.name.partition(":")[0]
        for one in proposals(evidence_of(crafter_v0(), operations=(few,)))
    }
    assert listed == made


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    files = (FileUse(file="log.txt", episodes=1, lines=20.0, bytes=900.0, writes=1000),)
    used = [
        operation("SEARCH", "search", "signs.txt", 900, hits=900, shown=9_000),
        operation("SEARCH", "search", "signs.txt", 900, hits=900, shown=9_000, phase="log"),
        operation("READ", "read", "signs.txt", 9, phase="log"),
        operation("READ", "read", "signs.txt", 9),
        operation("APPEND", "append", "log.txt", 1000),
        operation("WRITE", "write", "signs.txt", 9),
    ]
    evidence = evidence_of(toy_scaffold(), files=files, operations=tuple(used))
    assert proposals(evidence) == []


def test_toml_is_written_as_a_person_would() -> None:
    for folder in SCAFFOLDS:
        manifest = tomllib.loads(texts(folder)["scaffold.toml"])
        text = toml(manifest)
        assert tomllib.loads(text) == manifest
        assert 'phases = ["log", "plan"]' in text or folder.name == "toy"


def test_a_file_that_plan_never_looks_into_is_shown_to_it() -> None:
    manifest = tomllib.loads(
        edited(crafter_v0(), found(crafter_v0(), "show:map_notes.txt"))["scaffold.toml"]
    )
    (rule,) = manifest["inject"]
    assert (rule["slot"], rule["operation"]) == ("map notes", "read")
    assert rule["phases"] == ["log", "plan"]
    files = (
        FileUse(file="actions_log.txt", episodes=1, lines=500.0, writes=900),
        FileUse(file="strategy.txt", episodes=1, lines=30.0, writes=30),
    )
    appended = (
        operation("APPEND", "append", "actions_log.txt", 900),
        operation("SEARCH", "search", "strategy.txt", 100),
    )
    evidence = evidence_of(crafter_v0(), files=files, operations=appended, recalled=100)
    shown = {one.name: edited(crafter_v0(), one) for one in proposals(evidence)}
    journal = tomllib.loads(shown["show:actions_log.txt"]["scaffold.toml"])["inject"][0]
    notes = tomllib.loads(shown["show:strategy.txt"]["scaffold.toml"])["inject"][0]
    assert (journal["operation"], journal["lines"]) == ("tail", 20)
    assert (notes["operation"], notes["lines"]) == ("tail", 60)
    weights = {one.name: one.weight for one in proposals(evidence)}
    assert weights["show:strategy.txt"] > weights["show:actions_log.txt"]


def test_a_second_slot_of_one_name_gets_another() -> None:
    draft = Draft.of(texts(crafter_map()))
    assert [rule["slot"] for rule in draft.manifest["inject"]] == ["goals", "recent steps"]
    proposal = found(crafter_map(), "show:map.txt")
    proposal.change(draft)
    assert draft.manifest["inject"][-1]["slot"] == "map"


def test_a_prompt_that_names_its_slots_gets_the_new_one_by_name() -> None:
    content = {**texts(crafter_map()), "prompts/plan.md": "{{ slots.goals }}\n{{ observation }}\n"}
    draft = Draft.of(content)
    found(crafter_map(), "show:map.txt").change(draft)
    shown = '{{ slots.goals }}\n## Map\n{{ slots["map"] }}\n\n{{ observation }}\n'
    assert draft.texts["prompts/plan.md"] == shown
    assert draft.texts["prompts/log.md"] == content["prompts/log.md"]


def test_slots_are_put_where_the_prompt_shows_the_game() -> None:
    content = texts(toy_scaffold())
    draft = Draft.of(
        {
            **content,
            "prompts/plan.md": "PLAN.\n\n## Now\n{{ observation }}\n",
            "prompts/log.md": "LOG. {{ action }}\n{{ observation }}\n",
        }
    )
    draft.inject({"slot": "signs", "file": "signs.txt"})
    plan, log = draft.texts["prompts/plan.md"], draft.texts["prompts/log.md"]
    assert plan.startswith("PLAN.\n\n{% for slot, text in slots.items() %}")
    assert plan.endswith("{% endfor %}\n## Now\n{{ observation }}\n")
    assert log.index("endfor") < log.index("observation")
    bare = Draft.of({**content, "prompts/plan.md": "PLAN.", "prompts/log.md": "{{ slots }}"})
    bare.inject({"slot": "signs", "file": "signs.txt"})
    assert bare.texts["prompts/plan.md"].startswith("PLAN.\n{% for")
    assert bare.texts["prompts/log.md"] == "{{ slots }}"


def test_a_sentence_stands_after_the_first_paragraph_of_the_prompt_that_is_used() -> None:
    content = texts(crafter_v0())
    said = edited(crafter_v0(), found(crafter_v0(), "look-before-writing"))["prompts/log.md"]
    first, second = said.split("\n\n")[:2]
    assert first == content["prompts/log.md"].split("\n\n")[0]
    assert second.startswith("Before you note a fact")
    named = 'prompts = { log = "other.md" }\n' + content["scaffold.toml"]
    draft = Draft.of({**content, "scaffold.toml": named, "prompts/other.md": "LOG. One line."})
    draft.say("log", "same_words")
    assert draft.texts["prompts/other.md"].startswith("LOG. One line.\n\nCall the same thing")


def test_a_journal_without_end_keeps_its_head_and_its_last_lines() -> None:
    content = {**texts(crafter_v0()), "files/actions_log.txt": "One line a step.\n"}
    evidence = evidence_of(
        crafter_v0(),
        files=(FileUse(file="actions_log.txt", episodes=1, lines=900.0, writes=900),),
    )
    evidence = type(evidence)(**{**as_fields(evidence), "content": content})
    proposal = next(one for one in proposals(evidence) if one.name.startswith("keep-last:"))
    draft = Draft.of(content)
    proposal.change(draft)
    kept = draft.file("actions_log.txt")["retention"]
    assert kept == {"max_lines": 161, "keep_last": 80, "pinned": 1}


def as_fields(evidence: object) -> dict[str, object]:
    names: tuple[str, ...] = type(evidence).__struct_fields__
    return {name: getattr(evidence, name) for name in names}


def test_places_get_keys_with_their_level_where_lines_name_one() -> None:
    def keyed(sample: str) -> dict[str, object] | None:
        evidence = evidence_of(
            crafter_v0(),
            files=(FileUse(file="map_notes.txt", episodes=1, lines=30.0, writes=30),),
            samples={"map_notes.txt": sample},
        )
        for one in proposals(evidence):
            if one.name == "key-by-place:map_notes.txt":
                return tomllib.loads(edited(crafter_v0(), one)["scaffold.toml"])
        return None

    deep = keyed(PLACES)
    assert deep is not None
    assert deep["files"]["map_notes.txt"]["key"]["shape"] == "level,x,y"
    flat = keyed(PLACES.replace(" on level 1", ""))
    assert flat is not None
    rule = flat["files"]["map_notes.txt"]
    assert (rule["key"]["shape"], rule["modes"]) == ("x,y", ["upsert"])
    assert flat["operation"][-1]["name"] == "SET_MAP_NOTES"
    assert keyed("I like it here.\n" * 30) is None
    assert keyed("at 1,2\n" * 3) is None


def test_the_last_operation_that_writes_or_reads_is_never_taken_away() -> None:
    removed = [
        one.name
        for one in proposals(evidence_of(crafter_map()))
        if one.name.startswith("remove-operation:")
    ]
    assert "remove-operation:SEARCH:log" in removed
    draft = Draft.of(texts(crafter_map()))
    for one in proposals(evidence_of(crafter_map())):
        if one.name.startswith("remove-operation:") and one.name.endswith(":log"):
            one.change(draft)
    assert {"SEARCH"} <= {rule["name"] for rule in draft.operations()}
    assert "UPSERT_MAP" not in {rule["name"] for rule in draft.operations()}


@pytest.mark.parametrize(
    ("hits", "shown", "name"),
    [(2_000, 10_000, "more-results:20"), (2_000, 400_000, "fewer-results:5"), (0, 0, None)],
)
def test_search_limits_follow_what_searches_find_and_show(
    hits: int, shown: int, name: str | None
) -> None:
    used = operation("SEARCH", "search", "map_notes.txt", 100, hits=hits, shown=shown)
    names = [one.name for one in proposals(evidence_of(crafter_v0(), operations=(used,)))]
    assert [one for one in names if "results" in one] == ([name] if name else [])


def test_limits_are_set_where_prompts_or_turns_are_too_many() -> None:
    evidence = evidence_of(
        crafter_v0(), measures={**GOOD, "per_call": BAD["per_call"]}, warnings={"turn_limit": 200}
    )
    limits = {
        one.name: tomllib.loads(edited(crafter_v0(), one)["scaffold.toml"])["limits"]
        for one in proposals(evidence)
        if not one.name.startswith("remove")
    }
    assert limits["shorter-reads:100"]["read_lines"] == 100
    assert limits["fewer-turns:5"]["log_turns"] == 5
