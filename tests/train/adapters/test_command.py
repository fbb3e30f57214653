"""`automem adapters` as a person calls it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from automem.files import write_text
from automem.records.training import Provenance

from .conftest import Call, Trained


def test_every_adapter_of_a_run_is_listed_with_its_state(call: Call, trained: Trained) -> None:
    done = call("list", "demo", "--json")
    assert done.code == 0
    found = {one["key"]: one for one in done.json}
    assert {key: one["state"] for key, one in found.items()} == {
        trained.whole.name: "whole",
        trained.unfinished.name: "unfinished",
        "theirs": "foreign",
    }
    whole = found[trained.whole.name]
    assert (whole["rank"], whole["step"], whole["steps"]) == (4, 20, 20)
    assert whole["first_loss"] > whole["last_loss"] > 0 and whole["bytes"] > 0
    assert found[trained.unfinished.name]["step"] == 2
    assert found[trained.unfinished.name]["problem"] == "no more room"
    assert done.err.count("20") and "next: automem adapters show" in done.err


def test_a_folder_of_adapters_or_one_alone_can_be_listed(call: Call, trained: Trained) -> None:
    assert len(call("list", str(trained.run.adapters), "--json").json) == 3
    (one,) = call("list", str(trained.whole), "--json").json
    assert one["state"] == "whole"
    nothing = call("list", str(trained.base))
    assert nothing.code == 1 and "there is no adapter in" in nothing.err


def test_a_run_that_trained_nothing_says_so(call: Call, tmp_path: Path) -> None:
    write_text(tmp_path / "runs" / "other" / "run.json", "{}")
    done = call("list", "other")
    assert done.code == 0 and "nothing was trained in other yet" in done.err
    assert call("list", "nothing").code == 1
    shown = call("show", "other")
    assert shown.code == 1 and "there is none yet; train one with `automem train`" in shown.err


def test_damage_is_listed_and_not_raised(call: Call, trained: Trained) -> None:
    (trained.whole / "adapter_model.safetensors").unlink()
    write_text(trained.unfinished / "job.json", "{")
    write_text(trained.foreign / "adapter_config.json", "[]")
    broken = trained.run.adapters / "broken"
    write_text(broken / "provenance.json", "{}")
    write_text(broken / "job.json", "{}")
    states = {one["key"]: one for one in call("list", "demo", "--json").json}
    assert {one["state"] for one in states.values()} == {"damaged"}
    assert all(one["problem"] for one in states.values())
    assert call("list", "demo").err.count(": ") >= 4


@pytest.mark.parametrize("way", ["path", "key", "latest"])
def test_one_is_shown_by_path_by_key_or_as_the_latest(
    call: Call, trained: Trained, way: str
) -> None:
    key = trained.whole.name
    named = {"path": str(trained.whole), "key": f"demo/{key[:6]}", "latest": "demo/latest"}[way]
    done = call("show", named, "--json")
    assert done.code == 0
    said = msgspec.convert(done.json, Provenance)
    assert said.job.key == key
    assert "rank 4, alpha 32" in done.err and "toy, seeds 50-53" in done.err


def test_what_is_named_wrongly_is_answered_with_what_there_is(call: Call, trained: Trained) -> None:
    none = call("show", "demo/zzz")
    assert none.code == 1 and f"demo/{trained.whole.name}" in none.err
    several = call("show", "demo")
    assert several.code == 1 and "3 adapters in" in several.err
    trained.run.ledger.unlink()
    latest = call("show", "demo/latest")
    assert latest.code == 1 and "has kept no specialist" in latest.err


def test_one_that_is_not_whole_is_not_shown(call: Call, trained: Trained) -> None:
    foreign = call("show", str(trained.foreign))
    assert foreign.code == 1 and "nobody knows on which base" in foreign.err
    unfinished = call("show", str(trained.unfinished))
    assert unfinished.code == 1 and "is not trained to its end" in unfinished.err
    weights = trained.whole / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    damaged = call("show", "demo/latest")
    assert damaged.code == 1 and "is damaged, or of another adapter" in damaged.err
    (trained.whole / "adapter_config.json").unlink()
    assert "is not whole" in call("show", "demo/latest").err


def test_an_exported_adapter_is_a_folder_for_peft_with_a_readme(
    call: Call, trained: Trained, tmp_path: Path
) -> None:
    done = call("export", "demo/latest", "--out", "given")
    assert done.code == 0 and "wrote given" in done.err
    given = tmp_path / "given"
    assert {path.name for path in given.iterdir()} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "provenance.json",
    }
    weights = "adapter_model.safetensors"
    assert (given / weights).read_bytes() == (trained.whole / weights).read_bytes()
    card = (given / "README.md").read_text("utf-8")
    assert "rank 4, alpha 32" in card and "$" not in card and "AutoPeftModelForCausalLM" in card
    assert call("show", "given").code == 0


def test_a_folder_that_is_there_is_not_written_over(call: Call, trained: Trained) -> None:
    assert trained.whole.is_dir()
    assert call("export", "demo/latest", "--out", "given").code == 0
    again = call("export", "demo/latest", "--out", "given")
    assert again.code == 1 and "is there already; choose another folder" in again.err
    assert call("export", "demo/latest", "--out", "x", "--base", "b").code == 2
