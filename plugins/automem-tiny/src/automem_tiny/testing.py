"""Models of random weights and adapters of them, for tests and measurements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from automem.files import write_json, write_text
from automem_tiny.engine.shape import read_shape
from automem_tiny.engine.weights import Projection, layer_name, sizes

SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
PROJECTIONS: Final[tuple[Projection, ...]] = ("q", "k", "v", "o", "gate", "up", "down")
TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_USUAL: Final[dict[str, Any]] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_act": "silu",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    "attention_bias": True,
    "tie_word_embeddings": True,
}


def build_model(folder: Path, *, seed: int = 0, **config: Any) -> Path:
    """A model whose tokens are bytes; `config` changes what its `config.json` says."""
    folder.mkdir(parents=True)
    tokenizer = _tokenizer()
    vocabulary: int = tokenizer.get_vocab_size()
    end = tokenizer.token_to_id("<|im_end|>")
    tokenizer.save(str(folder / "tokenizer.json"))
    whole = {**_USUAL, "vocab_size": vocabulary, "eos_token_id": end, **config}
    write_json(folder / "config.json", whole)
    write_json(
        folder / "tokenizer_config.json",
        {"eos_token": "<|im_end|>", "tokenizer_class": "PreTrainedTokenizerFast"},
    )
    write_text(folder / "chat_template.jinja", TEMPLATE)
    _save(folder, np.random.default_rng(seed))
    return folder


def _tokenizer() -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))  # pyright: ignore[reportUnknownMemberType]
    return tokenizer


def _save(folder: Path, luck: np.random.Generator) -> None:
    shape = read_shape(folder)

    def some(*form: int, mean: float = 0.0, spread: float = 0.3) -> Any:
        # In 16 bits, as weights mostly are.
        return (mean + spread * luck.standard_normal(form)).astype(np.float16)

    hidden = shape.hidden_size
    tensors = {
        "model.embed_tokens.weight": some(shape.vocab_size, hidden, spread=1.0),
        "model.norm.weight": some(hidden, mean=1.0),
    }
    if not shape.tie_word_embeddings:
        tensors["lm_head.weight"] = some(shape.vocab_size, hidden)
    for number in range(shape.num_hidden_layers):
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"model.layers.{number}.{norm}.weight"] = some(hidden, mean=1.0)
        for projection in PROJECTIONS:
            name, (outputs, inputs) = layer_name(number, projection), sizes(shape, projection)
            tensors[f"{name}.weight"] = some(outputs, inputs, spread=1.5 * inputs**-0.5)
            if shape.attention_bias and projection in ("q", "k", "v", "o"):
                tensors[f"{name}.bias"] = some(outputs)
    (folder / "model.safetensors").write_bytes(save(tensors, metadata={"format": "pt"}))


def build_adapter(
    folder: Path,
    model: Path,
    *,
    rank: int = 4,
    seed: int = 0,
    targets: Sequence[Projection] = PROJECTIONS,
    strength: float = 0.3,
    **settings: Any,
) -> Path:
    """An adapter as peft saves it; with a strength of 0 it adds nothing."""
    folder.mkdir(parents=True)
    shape, luck = read_shape(model), np.random.default_rng(seed)
    tensors: dict[str, Any] = {}
    for number in range(shape.num_hidden_layers):
        for projection in targets:
            outputs, inputs = sizes(shape, projection)
            name = f"base_model.model.{layer_name(number, projection)}"
            down, up = luck.standard_normal((rank, inputs)), luck.standard_normal((outputs, rank))
            tensors[f"{name}.lora_A.weight"] = (inputs**-0.5 * down).astype(np.float32)
            tensors[f"{name}.lora_B.weight"] = (strength * up).astype(np.float32)
    (folder / "adapter_model.safetensors").write_bytes(save(tensors, metadata={"format": "pt"}))
    usual = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(model),
        "r": rank,
        "lora_alpha": 2 * rank,
        "target_modules": [f"{projection}_proj" for projection in targets],
        "bias": "none",
    }
    write_json(folder / "adapter_config.json", {**usual, **settings})
    return folder
