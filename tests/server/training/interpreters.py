"""The interpreters that trainings are tested in, made where they are not, kept for the next run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from automem.plugins import load_plugins
from automem.processes.child import inherited
from automem.processes.interpreters import python_of
from automem.records.setup import Interpreter
from automem.setups.make import Setup, find_setup, make
from automem.setups.place import place_of
from automem.setups.torch import PYTHON, torch_build
from automem.spec import Spec

HERE: Final = Path(__file__).resolve().parent
TRL: Final = "trl-reference"


def peft_python() -> str:
    """What `automem setup peft` makes."""
    make(find_setup("peft", load_plugins()), sys.stderr.write)
    return python_of("peft")


def trl_python() -> str:
    """trl, with the same torch, transformers and peft as our worker has."""
    torch = torch_build()
    made_from = Interpreter(
        python=PYTHON,
        requirements=(
            torch.requirement,
            "trl==1.16.*",
            "transformers==5.23.*",
            "peft==0.21.*",
            "accelerate==1.15.*",
        ),
        packages=("automem-core", "automem-train"),
        options=torch.options,
        steps=(("-W", "ignore", "-c", "from trl import SFTTrainer"),),
    )
    place = place_of(TRL, made_from)
    make(Setup(Spec(name=TRL, make="", summary=""), made_from, place), sys.stderr.write)
    return str(place.python)


def run(
    python: str, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A program of one of them, with one thread; its output is kept."""
    return subprocess.run(
        [python, "-W", "ignore", *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**inherited({"HOME": "/"}), **(environ or {})},
    )
