"""What a base, and each of its adapters in turn, says to prompts and thinks of turns, as JSON.

python tests/server/training/toy_behavior.py MODEL ASKED.json [NAME=ADAPTER ...]
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from automem.records.model import Message
from automem_train.workers.rows import IGNORED, TokenizerCodec, rows_of

MOST_TOKENS = 40


def main(model: str, asked_file: str, *adapters: str) -> None:
    """Print greedy and sampled replies, and the loss on the turns, by name."""
    torch.set_num_threads(1)
    asked = json.loads(Path(asked_file).read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
    found: dict[str, Any] = {}
    for adapter in ("base", *adapters):
        name, _, folder = adapter.partition("=")
        network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
        if folder:
            network = PeftModel.from_pretrained(network, folder)
        network.eval()
        torch.manual_seed(0)
        found[name] = {
            "greedy": replies(network, tokenizer, asked["prompts"], do_sample=False),
            "sampled": replies(
                network, tokenizer, asked["prompts"] * asked["samples"], do_sample=True
            ),
            "loss": loss(network, TokenizerCodec.of(tokenizer, model), asked["turns"]),
        }
    sys.stdout.write(json.dumps(found))


def replies(network: Any, tokenizer: Any, prompts: list[str], *, do_sample: bool) -> list[str]:
    """The first reply to each prompt, at temperature 1 where it is sampled."""
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
        )
        for prompt in prompts
    ]
    inputs = tokenizer(texts, padding=True, return_tensors="pt", add_special_tokens=False)
    how: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0, "top_k": 0} if do_sample else {}
    said = network.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        max_new_tokens=MOST_TOKENS,
        do_sample=do_sample,
        **how,
    )
    begin = inputs["input_ids"].shape[1]
    return tokenizer.batch_decode(said[:, begin:], skip_special_tokens=True)


@torch.no_grad()
def loss(network: Any, codec: TokenizerCodec, turns: list[list[dict[str, str]]]) -> float:
    """Mean over the tokens of the last replies, in nats."""
    messages = [[Message(**said) for said in turn] for turn in turns]
    total = count = 0.0
    for row in rows_of(messages, codec, "last", 512).rows:
        tokens = torch.tensor([list(row.tokens)])
        logits = network(input_ids=tokens).logits[0, :-1].float()
        labels = torch.tensor(list(row.labels)[1:])
        total += float(
            torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
        )
        count += row.learned
    return total / count


if __name__ == "__main__":
    main(*sys.argv[1:])
