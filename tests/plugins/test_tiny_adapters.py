"""Adapters on the engine of automem-tiny: never merged, and yet what merging would give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from automem.errors import AdapterError, ServerError
from automem.records.model import Message
from automem_tiny.engine import Ask, Engine
from automem_tiny.engine.weights import Projection
from automem_tiny.testing import build_adapter, build_model

from .textbook import textbook_logits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"rank": 1, "lora_alpha": 7},
        {"rank": 16, "use_rslora": True},
        {"targets": ("v",)},
        {"targets": ("q", "k")},
        {"targets": ("k", "o", "up")},
        {"targets": ("gate", "down")},
    ],
    ids=str,
)
def test_an_adapter_gives_what_merging_it_gives(
    folder: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    path = build_adapter(tmp_path / "adapter", folder, **settings)
    engine = Engine.load(folder)
    network, adapter = engine.network, engine.adapter(str(path))
    tokens = np.random.default_rng(3).integers(0, 256, 90)
    bare = textbook_logits(folder, tokens.tolist())
    merged = textbook_logits(folder, tokens.tolist(), path)
    assert np.abs(merged - bare).max() > 0.1
    found = network.read([(0, tokens[:-1], None), (1, tokens[:-1], adapter)])
    np.testing.assert_allclose(found, [bare[-2], merged[-2]], atol=2e-4)
    found = network.grow(tokens[[-1, -1]], [None, adapter])
    np.testing.assert_allclose(found, [bare[-1], merged[-1]], atol=2e-4)
    network.arena.lengths[:2] -= 1
    found = network.grow(tokens[[-1]], [adapter])
    assert np.abs(found - merged[-1]).max() > 1e-3  # over the keys of the base


def test_an_adapter_that_adds_nothing_is_its_base(folder: Path, tmp_path: Path) -> None:
    path = build_adapter(tmp_path / "adapter", folder, strength=0.0)
    engine = Engine.load(folder)
    tokens = np.arange(50)
    parts = [(0, tokens, None), (1, tokens, engine.adapter(str(path)))]
    found = engine.network.read(parts)
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"modules_to_save": ["lm_head"]}, r"it has modules_to_save = \['lm_head'\]; train a"),
        ({"use_dora": True}, "it has use_dora = True; train a plain LoRA"),
        ({"bias": "all"}, "it has bias = 'all'"),
        ({"peft_type": "IA3"}, "it has peft_type = 'IA3'"),
        ({"alpha_pattern": {"q_proj": 3}}, "it has alpha_pattern"),
    ],
    ids=str,
)
def test_what_is_no_plain_lora_is_refused(
    folder: Path, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    path = build_adapter(tmp_path / "adapter", folder, **settings)
    with pytest.raises(AdapterError, match=said):
        Engine.load(folder).adapter(str(path))


@pytest.mark.parametrize("alpha", ["Infinity", "NaN", "1e39", '"wide"', "1" + "0" * 400])
def test_an_alpha_that_makes_no_numbers_is_refused(
    folder: Path, tmp_path: Path, alpha: str
) -> None:
    path = build_adapter(tmp_path / "adapter", folder, strength=30.0, lora_alpha=4321)
    config = path / "adapter_config.json"
    config.write_text(config.read_text("utf-8").replace("4321", alpha), encoding="utf-8")
    with pytest.raises(AdapterError, match=r"with its lora_alpha, .*, its numbers are not finite"):
        Engine.load(folder).adapter(str(path))


@pytest.mark.parametrize(("part", "strength"), [("o", 1e20), ("v", 1e30), ("gate", 1e37)])
def test_numbers_that_grow_out_of_bounds_are_no_answer(
    folder: Path, tmp_path: Path, part: Projection, strength: float
) -> None:
    path = build_adapter(tmp_path / "adapter", folder, targets=(part,), strength=strength)
    asked = Ask(messages=(Message(role="user", content="where?"),), adapter=str(path))
    with pytest.raises(ServerError, match="computes numbers that are not finite: its weights, its"):
        Engine.load(folder).answer([asked])


def test_an_adapter_of_another_base_is_refused(folder: Path, tmp_path: Path) -> None:
    wider = build_model(tmp_path / "wider", hidden_size=64)
    deeper = build_model(tmp_path / "deeper", num_hidden_layers=3)
    engine = Engine.load(folder)
    with pytest.raises(AdapterError, match=r"was trained on another base: .*q_proj have the shap"):
        engine.adapter(str(build_adapter(tmp_path / "a", wider)))
    with pytest.raises(AdapterError, match=r"layers\.2\..* is no matrix of a LoRA on this model"):
        engine.adapter(str(build_adapter(tmp_path / "b", deeper)))


def test_an_adapter_that_is_not_whole_is_refused(folder: Path, tmp_path: Path) -> None:
    engine = Engine.load(folder)
    path = build_adapter(tmp_path / "adapter", folder)
    file = path / "adapter_model.safetensors"
    tensors = load_file(file)
    first = min(tensors)
    save_file({name: tensor for name, tensor in tensors.items() if name != first}, file)
    with pytest.raises(AdapterError, match="was trained on another base"):
        engine.adapter(str(path))
    save_file({}, file)
    with pytest.raises(AdapterError, match="holds no matrices"):
        engine.adapter(str(path))
    tensors[first][0, 0] = np.nan
    save_file(tensors, file)
    with pytest.raises(AdapterError, match=r"cannot be loaded: .* that are not finite"):
        engine.adapter(str(path))
    file.write_bytes(b"no weights")
    with pytest.raises(AdapterError, match=r"cannot be loaded: .*cannot be read"):
        engine.adapter(str(path))
    file.unlink()
    with pytest.raises(AdapterError, match=r"adapter_model\.safetensors is missing"):
        engine.adapter(str(path))
    (path / "adapter_config.json").write_text(json.dumps([]), encoding="utf-8")
    with pytest.raises(AdapterError, match="it is no table"):
        engine.adapter(str(path))
