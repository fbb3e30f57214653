"""The interpreter that `automem setup peft` makes: torch, transformers, peft and accelerate."""

from __future__ import annotations

from automem.records.setup import Interpreter
from automem.setups.torch import PYTHON, torch_build


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
