"""Adapters are judged before an engine is started, and named by what they hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automem.errors import ConfigError
from automem.files import write_json
from automem.models.adapters import is_folder, read_provenance
from automem.models.served import read_adapter
from automem.records.training import (
    PROJECTIONS,
    DataIdentity,
    LoraSettings,
    Provenance,
    TrainingJob,
)
from automem.testing.adapters import write_adapter
from automem.testing.training_worker import base_identity


def changed(folder: Path, **settings: Any) -> str:
    """An adapter whose settings say something else."""
    write_adapter(folder)
    file = folder / "adapter_config.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**known, **settings}), encoding="utf-8")
    return str(folder)


def safetensors(*names: str) -> bytes:
    """A file of empty tensors."""
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({"__metadata__": {"format": "pt"}, **dict.fromkeys(names, empty)}).encode()
    return len(header).to_bytes(8, "little") + header


def test_an_adapter_is_named_by_its_folder_and_its_content(tmp_path: Path) -> None:
    one = read_adapter(str(write_adapter(tmp_path / "a" / "memory v1", weights=b"1")), "base")
    same = read_adapter(str(write_adapter(tmp_path / "b" / "memory v1", weights=b"1")), "base")
    other = read_adapter(str(write_adapter(tmp_path / "c" / "memory v1", weights=b"2")), "base")
    assert one.name.startswith("memory_v1-")
    assert one.name == same.name != other.name
    assert (one.rank, one.targets) == (8, ("q_proj", "v_proj"))
    assert one.is_unchanged()
    write_adapter(one.path, weights=b"3")
    assert not one.is_unchanged()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"modules_to_save": ["lm_head"]}, r"modules_to_save \(lm_head\) are whole layers"),
        ({"use_dora": True}, "it uses DoRA; train with use_dora = false"),
        ({"bias": "all"}, "it trained biases"),
        ({"lora_bias": True}, "it trained biases"),
        ({"trainable_token_indices": [1]}, "it trained tokens of the embedding"),
        ({"target_modules": ["q_proj", "lm_head"]}, "it adapts lm_head; train only q_proj, k_proj"),
        ({"target_modules": ["model.embed_tokens"]}, "it adapts embed_tokens"),
        ({"target_parameters": ["mlp.experts.up"]}, r"it adapts parameters \(mlp\.experts\.up\)"),
        ({"alora_invocation_tokens": [1, 2]}, "it is an activated LoRA"),
        ({"layer_replication": [[0, 4]]}, "it repeats layers"),
        ({"peft_type": "IA3"}, "it is IA3, not LoRA"),
        ({"r": 0}, "its rank is 0"),
        ({"r": 1024}, "its rank is 1024, and the engine takes at most 512"),
        ({"rank_pattern": {"q_proj": 640}}, "its rank is 640"),
    ],
)
def test_what_no_engine_can_serve_is_refused_with_its_reason(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    given = changed(tmp_path / "memory", **settings)
    with pytest.raises(ConfigError, match=f"cannot be served: {said}"):
        read_adapter(given, "base", largest_rank=512)


def test_the_largest_rank_of_a_pattern_counts(tmp_path: Path) -> None:
    given = changed(tmp_path / "memory", rank_pattern={"q_proj": 64})
    assert read_adapter(given, "base").rank == 64


def test_a_pattern_of_targets_stands_for_all(tmp_path: Path) -> None:
    given = changed(tmp_path / "memory", target_modules="all-linear")
    assert read_adapter(given, "base").targets == PROJECTIONS


LAYER = "base_model.model.layers.0"


def weights(folder: Path, raw: bytes) -> str:
    """An adapter with these bytes for its weights."""
    (write_adapter(folder) / "adapter_model.safetensors").write_bytes(raw)
    return str(folder)


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.lm_head.weight",
        "base_model.model.embed_tokens.lora_embedding_A",
        f"{LAYER}.self_attn.q_proj.lora_magnitude_vector",
        f"{LAYER}.self_attn.q_proj.lora_B.bias",
        f"{LAYER}.mlp.c_fc.lora_A.weight",
    ],
)
def test_weights_that_no_engine_adds_are_refused_though_the_settings_hide_them(
    tmp_path: Path, name: str
) -> None:
    plain = f"{LAYER}.self_attn.q_proj.lora_A.weight"
    assert read_adapter(weights(tmp_path / "good", safetensors(plain)), "base").rank == 8
    given = weights(tmp_path / "bad", safetensors(plain, name))
    with pytest.raises(ConfigError, match=rf"its weights hold {name}; train plain LoRA on q_proj"):
        read_adapter(given, "base")


@pytest.mark.parametrize("left", [0, 4, 20, -1])
def test_weights_that_are_cut_off_are_refused(tmp_path: Path, left: int) -> None:
    whole = (write_adapter(tmp_path / "memory") / "adapter_model.safetensors").read_bytes()
    with pytest.raises(ConfigError, match=r"adapter_model\.safetensors is damaged or cut off"):
        read_adapter(weights(tmp_path / "memory", whole[:left]), "base")


def test_weights_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds nothing; train it again"):
        read_adapter(weights(tmp_path / "memory", safetensors()), "base")


def test_an_adapter_without_weights_is_refused(tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "memory")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    assert read_adapter(str(folder), "base").rank == 8
    (folder / "adapter_model.bin").unlink()
    with pytest.raises(ConfigError, match="it holds no weights"):
        read_adapter(str(folder), "base")


def test_what_is_no_adapter_is_told(tmp_path: Path) -> None:
    assert not is_folder(str(tmp_path))
    with pytest.raises(ConfigError, match=r"holds no adapter_config\.json"):
        read_adapter(str(tmp_path), "base")
    (tmp_path / "adapter_config.json").write_text("{", encoding="utf-8")
    assert is_folder(str(tmp_path))
    with pytest.raises(ConfigError, match=r"adapter_config\.json cannot be read"):
        read_adapter(str(tmp_path), "base")


def test_another_base_than_the_one_it_was_trained_on_is_refused(tmp_path: Path) -> None:
    folder = trained(tmp_path / "memory", "org/one")
    assert "its name was compared" in read_adapter(str(folder), "org/one").unknown
    with pytest.raises(ConfigError, match="trained on org/one, not on org/two: its name differs"):
        read_adapter(str(folder), "org/two")


def test_what_a_running_engine_calls_its_model_says_nothing_of_the_base(tmp_path: Path) -> None:
    folder = trained(tmp_path / "memory", "org/one")
    assert (
        "serves as base was not compared" in read_adapter(str(folder), "base", alias=True).unknown
    )


def test_a_base_is_known_by_its_files_wherever_it_lies(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (base / name).write_text("{}", encoding="utf-8")
    folder = trained(tmp_path / "memory", str(base))
    moved = base.rename(tmp_path / "moved")
    assert read_adapter(str(folder), str(moved)).unknown == ""
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (moved / name).write_text('{"other": 1}', encoding="utf-8")
        with pytest.raises(
            ConfigError, match=r"trained on .*base, not on .*moved: .* differs?; serve"
        ):
            read_adapter(str(folder), str(moved))
        (moved / name).write_text("{}", encoding="utf-8")


def test_an_adapter_of_unknown_origin_is_served_and_that_is_said(tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "memory")
    assert read_adapter(str(folder), "org/one").unknown.endswith("on which base it was trained")
    (folder / "provenance.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"provenance.json cannot be read"):
        read_adapter(str(folder), "org/one")


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_an_adapter_that_was_changed_since_its_training_is_refused(
    tmp_path: Path, name: str
) -> None:
    folder = trained(tmp_path / "notes", "org/one")
    said = read_provenance(folder)
    hashes = [
        hashlib.sha256((folder / each).read_bytes()).hexdigest()
        for each in ("adapter_model.safetensors", "adapter_config.json")
    ]
    told = msgspec.structs.replace(said, adapter_sha256=hashes[0], settings_sha256=hashes[1])
    write_json(folder / "provenance.json", told)
    read_adapter(str(folder), "org/one")
    other = write_adapter(tmp_path / "other", rank=16, weights=b"others")
    (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(ConfigError, match=f"its {name} is not the one that its provenance.json"):
        read_adapter(str(folder), "org/one")


def trained(folder: Path, base: str) -> Path:
    """An adapter that says on which base it was trained."""
    job = TrainingJob(
        trainer="peft",
        base=base,
        data="d",
        examples="",
        examples_sha256="",
        lora=LoraSettings(),
    )
    said = Provenance(
        base=base_identity(base),
        data=DataIdentity(hash="d", examples=1, tokens=1, labelled=1, truncated=0),
        job=job,
        versions={},
        steps=1,
        seconds=1.0,
        losses=(1.0,),
        adapter_sha256="",
    )
    write_json(write_adapter(folder) / "provenance.json", said)
    return folder
