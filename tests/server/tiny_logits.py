"""What transformers and peft compute by themselves: the last logits of each prompt, as JSON.

python tests/server/tiny_logits.py MODEL TOKENS.json [NAME=ADAPTER ...]
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def main(model_folder: str, tokens_file: str, *adapters: str) -> None:
    """Of the base model and of each adapter, by name."""
    torch.set_num_threads(1)
    prompts = json.loads(Path(tokens_file).read_text(encoding="utf-8"))

    def base() -> torch.nn.Module:
        return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()

    def logits(model: torch.nn.Module) -> list[list[float]]:
        with torch.inference_mode():
            return [model(torch.tensor([prompt])).logits[0, -1].tolist() for prompt in prompts]

    found = {"base": logits(base())}
    for adapter in adapters:
        name, _, folder = adapter.partition("=")
        found[name] = logits(PeftModel.from_pretrained(base(), folder).eval())
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
