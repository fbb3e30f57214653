"""The network: Llama as transformers has it, with the biases of Qwen2, small enough for one core.

Not under the name of Qwen2: transformers 5 gives every model of that type the splitting rules of
Qwen2's own tokenizer, whatever its `tokenizer.json` says.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

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
CONTEXT: Final = 2048


def make_network(size: str, vocabulary: int, end: int, padding: int, seed: int) -> Any:
    """A network of random weights, the same for a seed."""
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
    return LlamaForCausalLM(config)
