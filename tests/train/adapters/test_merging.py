"""What is refused before torch is asked, and how a merge that fails is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.errors import AdapterError
from automem.models.adapters import read_provenance
from automem.models.bases import file_sha256
from automem_train.adapters.exporting import find_base, merged_scale

from .conftest import Call, Trained


def change(adapter: Path, **fields: Any) -> None:
    """Other settings for an adapter."""
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | fields), encoding="utf-8")


def test_an_adapter_is_scaled_as_its_settings_say(trained: Trained) -> None:
    assert merged_scale(trained.whole) == 2.0
    change(trained.whole, lora_alpha=1.0)
    assert merged_scale(trained.whole) == 0.25


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target_modules": ["q_proj", "lm_head"]}, "adapts lm_head: a head or embedding is tied"),
        ({"target_modules": ["model.embed_tokens"]}, "adapts model.embed_tokens"),
        ({"target_modules": "all-linear"}, "adapts all-linear"),
        ({"peft_type": "IA3"}, "is IA3, which is not merged here"),
        ({"modules_to_save": ["lm_head"]}, "whole layers"),
        ({"use_dora": True}, "uses DoRA"),
        ({"use_rslora": True}, "scaled by rsLoRA"),
        ({"bias": "all"}, "trained biases"),
        ({"rank_pattern": {"q_proj": 2}}, "a rank for each layer"),
        ({"fan_in_fan_out": True}, "stored transposed"),
        ({"r": "four"}, "cannot be read"),
    ],
)
def test_what_would_merge_wrongly_is_refused(
    trained: Trained, fields: dict[str, Any], said: str
) -> None:
    change(trained.whole, **fields)
    with pytest.raises(AdapterError, match=said):
        merged_scale(trained.whole)


def test_the_base_is_found_and_every_file_of_it_compared(trained: Trained, tmp_path: Path) -> None:
    said = read_provenance(trained.whole)
    assert find_base(said) == trained.base
    moved = trained.base.rename(tmp_path / "moved")
    assert find_base(said, str(moved)) == moved
    with pytest.raises(AdapterError, match="is not on this machine; download it, or name its fol"):
        find_base(said)
    (moved / "model.safetensors").write_text("[]", encoding="utf-8")
    with pytest.raises(AdapterError, match=r"moved is not the base .*: the weights differ; name"):
        find_base(said, str(moved))


def test_an_interpreter_that_is_not_made_is_named(
    call: Call, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trained.whole.is_dir()
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    done = call("export", "demo/latest", "--out", "given", "--merged")
    assert done.code == 1 and "run: automem setup peft" in done.err
    assert not (tmp_path / "given").exists()


def test_an_adapter_whose_files_were_exchanged_is_not_merged(call: Call, trained: Trained) -> None:
    weights = trained.whole / "adapter_model.safetensors"
    weights.write_bytes(b"other")
    said = read_provenance(trained.whole)
    assert said.adapter_sha256 != file_sha256(weights)
    done = call("export", "demo/latest", "--out", "given", "--merged")
    assert done.code == 1 and "is damaged, or of another adapter" in done.err
    raw = msgspec.json.encode(msgspec.structs.replace(said, adapter_sha256=file_sha256(weights)))
    (trained.whole / "provenance.json").write_bytes(raw)
    (trained.base / "config.json").write_text("[]", encoding="utf-8")
    done = call("export", "demo/latest", "--out", "given", "--merged")
    assert done.code == 1 and "config.json differs" in done.err
