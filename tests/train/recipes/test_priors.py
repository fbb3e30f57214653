"""Priors, the recipe that a run begins with, and how both are told."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import msgspec
import pytest

from automem.errors import DataError
from automem.records.training import ATTENTION, PROJECTIONS, LoraSettings, served_rank
from automem_train.recipes.parameters import parameters_of
from automem_train.recipes.priors import SMALL_BELOW, all_priors, priors
from automem_train.recipes.ranks import rank_note
from automem_train.recipes.reading import parse_recipe, read_recipe
from automem_train.recipes.recipe import Recipe, render_recipe
from automem_train.recipes.starting import starting_files
from automem_train.recipes.telling import priors_text, recipe_text
from automem_train.select.scoring import open_scorer
from automem_train.select.selection import load_selection
from automem_train.turns.record import Turn


def test_the_papers_settings_are_those_of_its_games() -> None:
    lora = {prior.name: (prior.minimum, prior.lora) for prior in all_priors()}
    minimum, crafter = lora["crafter"]
    assert (minimum, crafter.rank, crafter.alpha, crafter.epochs) == (600, 256, 512.0, 4)
    assert (crafter.learning_rate, crafter.cutoff, crafter.warmup) == (5e-5, 16_384, 0.05)
    assert (crafter.targets, crafter.schedule) == (ATTENTION, "cosine")
    minimum, minihack = lora["minihack"]
    assert (minimum, minihack.rank, minihack.alpha, minihack.epochs) == (300, 128, 256.0, 3)
    minimum, nethack = lora["nethack"]
    assert (minimum, nethack.rank, nethack.alpha, nethack.epochs) == (800, 256, 512.0, 1)
    assert minihack.targets == nethack.targets == PROJECTIONS


def test_every_prior_can_be_written_and_read() -> None:
    for prior in all_priors():
        recipe = Recipe(lora=(prior.lora,))
        assert parse_recipe(render_recipe(recipe), most=1) == recipe
        assert served_rank(prior.lora.rank) == prior.lora.rank


@pytest.mark.parametrize(
    ("environment", "parameters", "first"),
    [
        ("crafter", None, "crafter"),
        ("nethack", 32_000_000_000, "nethack"),
        ("crafter", SMALL_BELOW - 1, "small"),
        ("toy", None, "other"),
        ("toy", SMALL_BELOW, "other"),
        ("small", None, "small"),
    ],
)
def test_the_first_prior_is_of_the_game_or_of_the_size(
    environment: str, parameters: int | None, first: str
) -> None:
    found = priors(environment, parameters)
    assert found[0].name == first
    assert sorted(one.name for one in found) == sorted(one.name for one in all_priors())


def test_a_starting_recipe_passes_the_checks(tmp_path: Path) -> None:
    for prior in all_priors():
        for name, text in starting_files(prior).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        assert read_recipe(tmp_path, most=1).lora == (prior.lora,)
        assert load_selection(tmp_path).selection.minimum == prior.minimum


def operation(**more: object) -> dict[str, object]:
    fields = {"operation": "X", "kind": "append", "file": "log.txt", "outcome": "done"}
    return {**fields, **more}


def turn(**more: object) -> Turn:
    fields: dict[str, object] = {
        "id": "e/t/1/1/log/0",
        "evaluation": "e",
        "task": "t",
        "seed": 1,
        "step": 1,
        "turn": 0,
        "role": "memory",
        "position": "first",
        "shape": "log/first",
        "prompt_tokens": 100,
        "reply_tokens": 5,
        "reply": "",
        "before": 0.0,
        "gain": 0.25,
        "final": 0.5,
        "rank": 0.0,
    }
    return msgspec.convert({**fields, **more}, Turn)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("phase", "operations", "cut_off", "score"),
    [
        ("log", [operation(kind="search", led=True, hits=2)], False, 1.25),
        ("log", [operation(lines=1, consulted=True)], False, 1.25),
        ("log", [operation(lines=1, consulted=True, reread=1)], False, 1.75),
        ("log", [operation(lines=1, reread=1)], False, 0.75),
        ("log", [operation(lines=1)], False, 0.25),
        ("log", [operation(lines=1, consulted=True, duplicate=True)], False, None),
        ("log", [operation(lines=1, consulted=True), operation(outcome="refused")], False, None),
        ("log", [operation(kind="search", hits=2)], False, None),
        ("log", [operation(kind="search", led=True)], True, None),
        ("log", [], False, None),
        ("plan", [operation(kind="search", hits=1)], False, 1.25),
        ("plan", [operation(kind="search", outcome="empty")], False, None),
    ],
)
async def test_the_starting_score_wants_looks_before_writes(
    tmp_path: Path,
    phase: str,
    operations: list[dict[str, object]],
    cut_off: bool,
    score: float | None,
) -> None:
    source = starting_files(all_priors()[0])["score.py"]
    one = turn(phase=phase, operations=operations, cut_off=cut_off)
    async with open_scorer(source, log=tmp_path / "score.log") as scorer:
        assert await scorer.score(one) == score


def test_a_rank_is_served_in_the_room_of_the_next_one_there_is() -> None:
    assert [served_rank(rank) for rank in (1, 2, 8, 9, 257, 512)] == [1, 8, 8, 16, 320, 512]
    assert rank_note(LoraSettings(rank=16)) == ""
    assert rank_note(LoraSettings(rank=24)).startswith("rank 24 is served in the room of rank 32")


def test_a_recipe_is_told_with_what_differs_from_the_defaults() -> None:
    attention = LoraSettings(rank=24, alpha=24.0, learning_rate=2e-4, epochs=1)
    some = LoraSettings(targets=("q_proj",), dropout=0.1, train_on="all")
    every = LoraSettings(targets=PROJECTIONS)
    told = recipe_text(Recipe(lora=(attention, some, every))).splitlines()
    assert told[0] == "data: turns are selected anew"
    assert told[1] == (
        "lora[0]: rank 24, alpha 24, learning rate 0.0002, 1 epoch, attention, batch 2 x 8, "
        "cutoff 16384 (rank 24 is served in the room of rank 32; 32 costs no more there)"
    )
    assert told[2].endswith("q_proj, batch 2 x 8, cutoff 16384, dropout 0.1, train_on all")
    assert "all seven projections" in told[3]
    assert recipe_text(Recipe(data="abcd", lora=(every,))).startswith(
        "data: the data set abcd again"
    )


def test_priors_are_told_in_lines_with_rates_that_are_worth_trying() -> None:
    lines = priors_text(priors("crafter", 3_000_000)).splitlines()
    assert len(lines) == len(all_priors())
    assert lines[0].startswith("- small (for a model of less than 50 million parameters, in any")
    assert lines[0].endswith("learning rates worth trying: 0.0002, 0.0005, 0.001")
    assert "rank 256, alpha 512, learning rate 5e-05, 4 epochs, attention" in lines[1]


def weights(path: Path, header: object) -> None:
    raw = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw)


def test_parameters_are_counted_from_the_headers_of_the_weights(tmp_path: Path) -> None:
    assert parameters_of(str(tmp_path)) is None
    assert parameters_of("someone/a-model") is None
    scalar: dict[str, list[int]] = {"shape": []}
    one = {"__metadata__": {"format": "pt"}, "a": {"shape": [3, 4]}, "b": scalar}
    weights(tmp_path / "model-1.safetensors", one)
    weights(tmp_path / "model-2.safetensors", {"c": {"shape": [5]}})
    assert parameters_of(str(tmp_path)) == 18


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 16,
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 8) + b'{"a": 1}',
        b"\1" * 8,
    ],
)
def test_damaged_weights_are_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match=r"model\.safetensors is no safetensors file"):
        parameters_of(str(tmp_path))


def test_the_page_names_every_key_and_every_prior() -> None:
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "guide" / "recipes.md").read_text(encoding="utf-8")
    named = {*Recipe.__struct_fields__, *LoraSettings.__struct_fields__} - {"lora"}
    named |= {prior.name for prior in all_priors()} | {*PROJECTIONS}
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []
