"""`python -m automem_tiny.training.packing STAGE OUT`: the files that are shipped, in 16 bits."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def pack(stage: Path, out: Path) -> None:
    """Weights in half precision, with tokenizer and configuration."""
    import torch
    from transformers import LlamaForCausalLM

    network = LlamaForCausalLM.from_pretrained(stage, dtype=torch.float32)
    out.mkdir(parents=True, exist_ok=True)
    network.to(torch.float16).save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (stage / name).exists():
            shutil.copy(stage / name, out / name)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
