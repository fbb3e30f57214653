"""The network: Llama as transformers has it, with the biases of Qwen2, small enough for one core.

Not under the name of Qwen2: transformers 5 gives every model of that type the splitting rules of
Qwen2's own tokenizer, whatever its `tokenizer.json` says.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

SIZES: Final = {
    "small": {
        "hidden_size": 128,
        "intermediate_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
    "full": {
        "hidden_size": 192,
        "intermediate_size": 512,
        "num_hidden_layers": 6,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
    },
}
"""No recipe makes `full`: gradients are compared with those of transformers in both shapes."""
CONTEXT: Final = 2048
PERIODS: Final = (4, 8, 10, 16, 32, 64, 128)
"""Of the circles that numbers begin on."""
RADIUS: Final = 0.12


def make_network(
    size: str, vocabulary: int, end: int, padding: int, seed: int, numbers: Mapping[int, int]
) -> Any:
    """A network of random weights, the same for a seed; `numbers` is token -> value."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        **SIZES[size],
        vocab_size=vocabulary,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        attention_bias=True,
        eos_token_id=end,
        pad_token_id=padding,
        bos_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        initializer_range=0.04,
    )
    network = LlamaForCausalLM(config)
    _lay_out(network.get_input_embeddings().weight.data, numbers)
    return network


def _lay_out(embeddings: Any, numbers: Mapping[int, int]) -> None:
    """Let numbers begin on circles: one more is the same turn for all, so counting is learned once.

    Left to chance, each sum of a number and one is a fact of its own.
    """
    for token, value in numbers.items():
        embeddings[token] *= 0.5
        for place, period in enumerate(PERIODS):
            turn = 2 * math.pi * value / period
            embeddings[token, 2 * place] = RADIUS * math.cos(turn)
            embeddings[token, 2 * place + 1] = RADIUS * math.sin(turn)
