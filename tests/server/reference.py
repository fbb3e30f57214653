"""What transformers and peft answer by themselves, one prompt after the other, as JSON.

python tests/server/reference.py MODEL PROMPTS.json TOKENS [NAME=ADAPTER ...]
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def main(model_folder: str, prompts_file: str, tokens: str, *adapters: str) -> None:
    """Greedy answers of the base model and of each adapter, by name."""
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    prompts = json.loads(Path(prompts_file).read_text(encoding="utf-8"))

    def answers(model: torch.nn.Module) -> list[str]:
        return [answer(model, prompt) for prompt in prompts]

    def answer(model: torch.nn.Module, prompt: str) -> str:
        inputs = tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        said = model.generate(**inputs, max_new_tokens=int(tokens), do_sample=False)
        return tokenizer.decode(said[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)

    def base() -> torch.nn.Module:
        return AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()

    found = {"base": answers(base())}
    for adapter in adapters:
        name, _, folder = adapter.partition("=")
        found[name] = answers(PeftModel.from_pretrained(base(), folder).eval())
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
