"""The interpreters that `automem setup` makes for trainers: torch, and what each computes with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from automem.records.setup import Interpreter
from automem.setups.torch import PYTHON, VARIABLE, torch_build

_UNSLOTH: Final = "2026.10.9"
_ANYWHERE: Final = (
    "torch>=2.4,<2.15",
    # The newest that this version of unsloth knows.
    "transformers==5.17.*",
    "peft==0.21.*",
    "accelerate==1.15.*",
    "trl==1.15.*",
    "datasets>=4.6,<5",
    "huggingface-hub<2",
    *("einops", "filelock", "hf-transfer", "msgspec", "numpy", "packaging", "protobuf", "psutil"),
    *("regex", "requests", "safetensors", "sentencepiece", "tqdm", "tyro", "typing-extensions"),
)
_ON_A_GPU: Final = (
    "bitsandbytes>=0.45.5,!=0.46.0,!=0.48.0",
    "cut-cross-entropy",
    "diffusers",
    "torchao>=0.13",
    "torchvision",
    "triton>=3.0",
    "xformers>=0.0.27.post2",
)
_ITSELF: Final = (f"unsloth=={_UNSLOTH}", f"unsloth-zoo=={_UNSLOTH}")


def peft_interpreter() -> Interpreter:
    """Depends on the machine only by where its torch comes from."""
    torch = torch_build()
    return Interpreter(
        python=PYTHON,
        # The versions that losses and adapters were compared with trl's on.
        requirements=(
            torch.requirement,
            "transformers==5.23.*",
            "peft==0.21.*",
            "accelerate==1.15.*",
            "safetensors",
        ),
        packages=("automem-core", "automem-train"),
        options=torch.options,
        steps=(("-W", "ignore", "-c", "import torch, peft, accelerate, automem_train.workers"),),
    )


def unsloth_interpreter(environ: Mapping[str, str] = os.environ) -> Interpreter:
    """With what unsloth imports on this machine, which is less than it says that it needs.

    On a CPU it does without a gigabyte of kernels, of which there is no build for CPUs.
    """
    torch = torch_build(environ)
    on_cpu = environ.get(VARIABLE, "cpu") == "cpu"
    return Interpreter(
        python=PYTHON,
        requirements=(torch.requirement, *_ANYWHERE, *(() if on_cpu else _ON_A_GPU)),
        packages=("automem-core", "automem-train"),
        # What they ask for beside the above is for unsloth's web application and command line,
        # and, on a CPU, the kernels.
        unresolved=(*_ITSELF, "cut-cross-entropy") if on_cpu else _ITSELF,
        options=torch.options,
        steps=(
            ("-W", "ignore", "-c", "import trl, peft, automem_train.workers"),
            ("-I", "-c", "import importlib.metadata as m; m.version('unsloth')"),
        ),
    )
