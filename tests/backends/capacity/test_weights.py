"""The size of weights: from files, from the hub's cache, from dimensions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automem.errors import ConfigError
from automem_backends.capacity.weights import Weights, read_weights

CONFIG = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 100,
    "tie_word_embeddings": True,
}


def model(folder: Path, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}), encoding="utf-8")
    return folder


def tensors(file: Path, **dtypes: str) -> None:
    """A file of tensors of ten by ten; the data itself is left out."""
    header: dict[str, Any] = {
        name: {"dtype": dtype, "shape": [10, 10], "data_offsets": [0, 0]}
        for name, dtype in dtypes.items()
    }
    header["__metadata__"] = {"format": "pt"}
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text)


def read(given: Path | str, **more: Any) -> Weights:
    return read_weights(str(given), **{"environ": {"HF_HOME": "/nonexistent"}, **more})


def test_files_are_counted_tensor_by_tensor(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    tensors(folder / "model.safetensors", a="BF16", b="F32", c="F8_E4M3", d="I32")
    found = read(folder)
    assert found.bytes == 200 + 200 + 100 + 400
    assert found.source == f"from the files in {folder}"


def test_a_type_that_the_engine_is_told_to_take_counts(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    tensors(folder / "model.safetensors", a="BF16", b="F32")
    assert read(folder, dtype_bytes=4).bytes == 800


def test_only_the_files_of_the_index_count(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    for name in ("one", "two", "consolidated"):
        tensors(folder / f"{name}.safetensors", a="BF16")
    index = {
        "metadata": {"total_size": 777},
        "weight_map": {"a": "one.safetensors", "b": "two.safetensors"},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert read(folder).bytes == 400
    (folder / "two.safetensors").unlink()
    assert read(folder).bytes == 777


def test_older_files_are_as_large_as_they_are(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    (folder / "pytorch_model-00001.bin").write_bytes(b"x" * 50)
    assert read(folder).bytes == 50


def test_without_files_dimensions_decide(tmp_path: Path) -> None:
    folder = model(tmp_path / "m", torch_dtype="float32")
    found = read(folder)
    assert found.shape.parameters == 800 + 2 * (4 * 64 + 3 * 128)
    assert found.bytes == 2 * found.shape.parameters
    assert read(folder, dtype_bytes=4).bytes == 4 * found.shape.parameters


def test_what_the_engine_quantizes_is_smaller_but_for_embeddings(tmp_path: Path) -> None:
    folder = model(tmp_path / "m")
    tensors(folder / "model.safetensors", a="BF16")
    layers = read(folder).shape.layer_parameters
    assert read(folder, quantization="fp8").bytes == 1600 + layers
    assert read(folder, quantization="bitsandbytes").bytes == 1600 + round(layers * 0.51953125)


def test_a_model_in_the_hubs_cache_is_found_by_its_name(tmp_path: Path) -> None:
    folder = model(tmp_path / "hub" / "models--org--tiny" / "snapshots" / "abc")
    tensors(folder / "model.safetensors", a="BF16")
    assert read("org/tiny", environ={"HF_HOME": str(tmp_path)}).bytes == 200
    assert read("org/tiny", environ={"HF_HUB_CACHE": str(tmp_path / "hub")}).bytes == 200


def test_four_bits_with_their_scales(tmp_path: Path) -> None:
    found = read("Qwen/Qwen2.5-32B-Instruct-AWQ")
    # The published files of it are 19.3 GB.
    assert found.bytes == pytest.approx(19.3e9, rel=0.05)


def test_a_model_nobody_knows_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"nothing is known of the model org/base.*hf download"):
        read("org/base")


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    folder = model(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ConfigError, match=r"model\.safetensors is damaged"):
        read(folder)
