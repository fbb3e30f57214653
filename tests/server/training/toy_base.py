"""Trains a small model from scratch on the toy game's LOG phases, in seconds.

python tests/server/training/toy_base.py FOLDER SEED
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import sys
from random import Random

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from toy_language import corpus
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from automem.records.model import Message
from automem_train.workers.rows import IGNORED, TokenizerCodec, rows_of

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VOCABULARY = 384
STEPS = 400
BATCH = 32
RATE = 3e-3


def main(folder: str, seed: str) -> None:
    """Make the tokenizer, train, and save both."""
    torch.set_num_threads(1)
    torch.manual_seed(int(seed))
    chance = Random(int(seed))
    tokenizer = tokenizer_of([said["content"] for one in corpus(Random(0), 500) for said in one])
    config = AutoConfig.for_model(
        "qwen2",
        vocab_size=VOCABULARY,
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    codec = TokenizerCodec.of(tokenizer, folder)
    model = AutoModelForCausalLM.from_config(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for number in range(STEPS):
        said = [[Message(**one) for one in whole] for whole in corpus(chance, BATCH)]
        rows = rows_of(said, codec, "all", 512).rows
        tokens = padded([list(row.tokens) for row in rows], tokenizer.pad_token_id)
        labels = padded([list(row.labels) for row in rows], IGNORED)
        loss = model(input_ids=tokens, labels=labels).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if number % 50 == 49:
            sys.stderr.write(f"step {number + 1} loss {loss.item():.3f}\n")
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def padded(rows: list[list[int]], value: int) -> torch.Tensor:
    """Rows of one length."""
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def tokenizer_of(texts: list[str]) -> PreTrainedTokenizerFast:
    """Byte-level BPE of what is said."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, "user\n assistant\n"], trainer)
    tokenizer.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        model_max_length=512,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
