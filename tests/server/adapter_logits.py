"""Compares a merged model with its parts: `python adapter_logits.py BASE ADAPTER MERGED`, in JSON.

It runs in the interpreter of the trainer: plain transformers and plain peft load what was exported.
"""

# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys

import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(base: str, adapter: str, merged: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(merged)
    told = [{"role": "user", "content": "you see a cow to the north, step"}]
    text = tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=True)
    tokens = torch.tensor([tokenizer.encode(text)])
    whole = AutoModelForCausalLM.from_pretrained(merged, dtype="auto").eval()
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    with torch.inference_mode():
        alone = plain(tokens).logits
        beside = PeftModel.from_pretrained(plain, adapter).eval()
        wanted = beside(tokens).logits
        loaded = AutoPeftModelForCausalLM.from_pretrained(adapter, dtype=torch.float32).eval()
        again = loaded(tokens).logits
        found = whole(tokens).logits
        theirs = beside.merge_and_unload().to(whole.dtype).state_dict()
    ours = whole.state_dict()
    told = {
        "dtype": str(whole.dtype).removeprefix("torch."),
        "said": str(whole.config.dtype).removeprefix("torch."),
        "difference": float((found.float() - wanted).abs().max()),
        "loaded": float((again - wanted).abs().max()),
        "adapter": float((wanted - alone).abs().max()),
        "unequal": [name for name in ours if not torch.equal(ours[name], theirs[name])],
        "missing": sorted(set(ours) ^ set(theirs)),
        "template": tokenizer.chat_template == AutoTokenizer.from_pretrained(base).chat_template,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
