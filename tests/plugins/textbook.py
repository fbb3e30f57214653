"""A model of Llama's type as a textbook has it: one prompt, nothing kept, nothing rearranged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

Array = NDArray[np.float64]


def textbook_logits(folder: Path, tokens: list[int], adapter: Path | None = None) -> Array:
    """The logits behind each token; an adapter is merged into the weights first."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = {k: v.astype(np.float64) for k, v in load_file(folder / "model.safetensors").items()}
    if adapter is not None:
        merge(weights, adapter)
    heads, size = config["num_attention_heads"], config["head_dim"]
    group = heads // config["num_key_value_heads"]
    count = len(tokens)

    def norm(x: Array, name: str) -> Array:
        scale = np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"])
        return x / scale * weights[f"{name}.weight"]

    def linear(x: Array, name: str) -> Array:
        return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0.0)

    def split(x: Array) -> Array:
        return x.reshape(count, -1, size).swapaxes(0, 1)

    rates = config["rope_parameters"]["rope_theta"] ** -(np.arange(0, size, 2) / size)
    angles = np.tile(np.outer(np.arange(count), rates), 2)

    def turn(x: Array) -> Array:
        first, second = np.split(x, 2, axis=-1)
        return x * np.cos(angles) + np.concatenate([-second, first], -1) * np.sin(angles)

    x = weights["model.embed_tokens.weight"][tokens]
    for number in range(config["num_hidden_layers"]):
        name = f"model.layers.{number}"
        inputs = norm(x, f"{name}.input_layernorm")
        query = turn(split(linear(inputs, f"{name}.self_attn.q_proj")))
        key = turn(split(linear(inputs, f"{name}.self_attn.k_proj"))).repeat(group, 0)
        value = split(linear(inputs, f"{name}.self_attn.v_proj")).repeat(group, 0)
        scores = query @ key.swapaxes(-1, -2) / np.sqrt(size)
        scores += np.triu(np.full((count, count), -np.inf), 1)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = (shares @ value).swapaxes(0, 1).reshape(count, heads * size)
        x = x + linear(mixed, f"{name}.self_attn.o_proj")
        inputs = norm(x, f"{name}.post_attention_layernorm")
        gate = linear(inputs, f"{name}.mlp.gate_proj")
        up = linear(inputs, f"{name}.mlp.up_proj")
        x = x + linear(gate / (1.0 + np.exp(-gate)) * up, f"{name}.mlp.down_proj")
    head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
    return norm(x, "model.norm") @ head.T


def merge(weights: dict[str, Array], adapter: Path) -> None:
    """Add what an adapter says to the weights themselves."""
    settings = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    tensors = load_file(adapter / "adapter_model.safetensors")
    for name, down in tensors.items():
        if name.endswith("lora_A.weight"):
            layer = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            rank = len(down)
            root = settings.get("use_rslora", False)
            scale = settings["lora_alpha"] / (np.sqrt(rank) if root else rank)
            up = tensors[name.replace("lora_A", "lora_B")].astype(np.float64)
            weights[f"{layer}.weight"] += scale * up @ down
