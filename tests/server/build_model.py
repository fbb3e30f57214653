"""Builds a small model with a chat template and LoRA adapters, the same bytes every time.

    python tests/server/build_model.py FOLDER [--type qwen2] [--size 3m] [--adapter NAME=RANK ...]

It needs torch, transformers and peft, so it runs in the interpreter that `automem setup local`
makes. The weights are random: what such a model says means nothing, but it depends on every token
before it, on the adapter, and on nothing else.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

SIZES: Final = {
    "tiny": {
        "vocab_size": 512,
        "hidden_size": 128,
        "intermediate_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        # Wide enough that the best token is far from the second one.
        "initializer_range": 0.2,
    },
    "3m": {
        "vocab_size": 2048,
        "hidden_size": 256,
        "intermediate_size": 640,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "initializer_range": 0.1,
    },
}
SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TARGETS: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS: Final = """
you see a wall to the north and a door to the east
step note memory append read search map goals plan done action move west south
grass tree stone table iron coal water cow zombie skeleton sapling plant
health food drink energy inventory nothing happened last time
"""


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--type", default="qwen2", help="as transformers calls it")
    parser.add_argument("--size", choices=tuple(SIZES), default="tiny")
    parser.add_argument(
        "--adapter", action="append", default=[], metavar="NAME=RANK", help="in adapters/NAME"
    )
    given = parser.parse_args()
    build_model(given.folder / "model", given.type, given.size)
    for number, adapter in enumerate(given.adapter):
        name, _, rank = adapter.partition("=")
        build_adapter(given.folder / "model", given.folder / "adapters" / name, int(rank), number)


def build_model(folder: Path, kind: str, size: str) -> None:
    """A model of random weights, its tokenizer and its chat template."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    tokenizer = build_tokenizer(SIZES[size]["vocab_size"])
    tokenizer.save_pretrained(folder)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    config = AutoConfig.for_model(
        kind,
        **SIZES[size],
        rope_theta=10_000.0,
        tie_word_embeddings=True,
        eos_token_id=end,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    AutoModelForCausalLM.from_config(config).eval().save_pretrained(folder)


def build_tokenizer(vocabulary: int):
    """Byte-level BPE, trained on a text made up from WORDS, filled up to `vocabulary` tokens."""
    import random

    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    chosen = random.Random(1)
    text = [" ".join(chosen.choices(WORDS.split(), k=12)) for _ in range(400)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    missing = vocabulary - len(SPECIAL) - tokenizer.get_vocab_size()
    tokenizer.add_tokens([f" word{number}" for number in range(missing)])
    tokenizer.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        model_max_length=4096,
    )


def build_adapter(model: Path, folder: Path, rank: int, seed: int) -> None:
    """A LoRA adapter on the seven projections, with random weights in both of its matrices."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(100 + seed)
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules=list(TARGETS),
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    get_peft_model(base, config).save_pretrained(folder)
    # A server may run as somebody else.
    for path in folder.iterdir():
        path.chmod(0o644)
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    settings["target_modules"] = sorted(settings["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
