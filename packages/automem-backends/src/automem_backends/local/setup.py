"""The interpreter that `automem setup local` makes: torch for the CPU, transformers and peft."""

from __future__ import annotations

from automem.records.setup import Interpreter
from automem.setups.torch import PYTHON, torch_build


def interpreter() -> Interpreter:
    """Depends on the machine only by where its torch comes from."""
    torch = torch_build()
    return Interpreter(
        python=PYTHON,
        # The engine reaches into transformers, so no other version than the one it is tested with.
        requirements=(torch.requirement, "transformers==5.23.*", "peft==0.21.*", "safetensors"),
        packages=("automem-core", "automem-backends"),
        options=torch.options,
        steps=(("-W", "ignore", "-c", "import torch, peft, automem_backends.local.network"),),
    )
