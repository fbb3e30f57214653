"""`python -m automem_tiny.training.packing STAGE OUT`: the files that are shipped, in 16 bits."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from automem_tiny.training.tokenizer import copy_tokenizer

TEMPERATURE: Final = 0.5
"""At which it is played where nothing else is asked for; engines read it beside the weights."""


def pack(stage: Path, out: Path) -> None:
    """Weights in half precision, with tokenizer and configuration; the weights come last."""
    import torch
    from transformers import LlamaForCausalLM

    network = LlamaForCausalLM.from_pretrained(stage, dtype=torch.float32)
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    network.generation_config.update(do_sample=True, temperature=TEMPERATURE)
    network.to(torch.float16).save_pretrained(part)
    copy_tokenizer(stage, part)
    move(part, out, last="model.safetensors")


def move(part: Path, out: Path, *, last: str) -> None:
    """Move files into a folder, so that the last one says that all are there."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(part.iterdir(), key=lambda path: (path.name == last, path.name)):
        path.replace(out / path.name)
    part.rmdir()


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
