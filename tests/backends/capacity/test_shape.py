"""Dimensions as models' configurations give them, and what follows from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from automem.errors import ConfigError
from automem_backends.capacity.known import known_shape
from automem_backends.capacity.shape import FULL, Shape, read_shape

LLAMA = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
}


def shape(**more: Any) -> Shape:
    return read_shape(json.dumps({**LLAMA, **more}).encode(), "config.json")


def test_the_table_says_what_the_published_configuration_says() -> None:
    assert known_shape("meta-llama/Meta-Llama-3.1-8B-Instruct") == shape()


def test_keys_and_values_are_divided_among_gpus_and_then_copied() -> None:
    sizes = [shape().token_bytes(tensor=tensor) for tensor in (1, 2, 8, 16)]
    assert sizes == [131072, 65536, 16384, 16384]


def test_a_layer_with_a_window_keeps_no_more_than_that() -> None:
    kinds = ["sliding_attention", "full_attention"] * 16
    windowed = shape(layer_types=kinds, sliding_window=1024)
    assert windowed.attention[:2] == (1024, FULL)
    assert windowed.token_bytes() == 65536
    assert windowed.conversation_bytes(1000) == shape().conversation_bytes(1000)
    assert windowed.conversation_bytes(8192, ahead=1024) == (8192 + 2048) * 65536


def test_windows_are_read_however_a_model_writes_them() -> None:
    assert shape(sliding_window=4096).attention == (4096,) * 32
    assert shape(sliding_window=4096, use_sliding_window=False).attention == (FULL,) * 32
    some = shape(sliding_window=4096, use_sliding_window=True, max_window_layers=30)
    assert some.attention == (FULL,) * 30 + (4096,) * 2
    every = shape(sliding_window=512, sliding_window_pattern=4).attention
    assert every[:4] == (512, 512, 512, FULL)
    assert shape(layer_types=["full_attention"] * 32).windows == ()


def test_layers_that_do_not_attend_keep_no_keys() -> None:
    kinds = (["linear_attention"] * 3 + ["full_attention"]) * 8
    assert shape(layer_types=kinds).token_bytes() == 131072 // 4


def test_a_compressed_vector_is_on_every_gpu() -> None:
    latent = shape(kv_lora_rank=512, qk_rope_head_dim=64)
    assert latent.token_bytes() == latent.token_bytes(tensor=8) == 32 * 576 * 2


def test_experts_are_all_in_memory() -> None:
    mixed = shape(num_local_experts=8, intermediate_size=14336)
    assert mixed.layer_parameters > 6 * shape().layer_parameters
    deep = shape(
        n_routed_experts=64, moe_intermediate_size=1408, n_shared_experts=2, first_k_dense_replace=1
    )
    assert deep.shared_intermediate == 2816
    assert deep.dense_layers == 1


def test_what_a_model_says_with_is_found_within_one_that_sees() -> None:
    seeing = {"text_config": LLAMA, "vision_config": {}, "torch_dtype": "float32"}
    found = read_shape(json.dumps(seeing).encode(), "config.json")
    assert found.hidden == 4096


@pytest.mark.parametrize(
    ("given", "method", "bits"),
    [
        ({"quant_method": "awq", "bits": 4}, "awq", 4),
        ({"quant_method": "fp8"}, "fp8", 8),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "modelopt", 4),
        ({"quant_method": "bitsandbytes"}, "bitsandbytes", 4),
        ({}, "", 16),
    ],
)
def test_quantization_is_told_by_method_and_bits(
    given: dict[str, Any], method: str, bits: int
) -> None:
    found = shape(quantization_config=given)
    assert (found.quantization, found.bits) == (method, bits)


@pytest.mark.parametrize("text", ["no json", "{}", '{"hidden_size": "wide"}'])
def test_what_is_no_models_configuration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.json"):
        read_shape(text.encode(), "config.json")


@pytest.mark.parametrize(
    ("name", "method", "bits"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "", 16),
        ("Qwen/Qwen2.5-7B-Instruct-AWQ", "awq", 4),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "gptq", 8),
        ("Qwen/Qwen3-8B-FP8", "fp8", 8),
        ("RedHatAI/Llama-3.3-70B-Instruct-quantized.w8a8", "int8", 8),
    ],
)
def test_a_name_on_the_hub_says_how_it_is_quantized(name: str, method: str, bits: int) -> None:
    found = known_shape(name)
    assert found is not None
    assert (found.quantization, found.bits) == (method, bits)


@pytest.mark.parametrize("name", ["Qwen/Qwen2.5-7.5B", "Qwen/Qwen2.5-70B", "org/base", ""])
def test_a_name_that_only_looks_alike_is_not_known(name: str) -> None:
    assert known_shape(name) is None


def test_every_other_layer_of_gemma_2_has_a_window() -> None:
    found = known_shape("google/gemma-2-9b-it")
    assert found is not None
    assert found.attention[:4] == (4096, FULL, 4096, FULL)
