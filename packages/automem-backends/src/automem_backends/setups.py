"""The interpreters that `automem setup` makes for engines.

Each engine pins its own torch, transformers and openai, so it gets a Python of its own, without
anything of AutoMem in it: it is spoken to over HTTP.
"""

from __future__ import annotations

from automem.records.setup import Interpreter

VLLM = Interpreter(
    python="3.11",
    # The newest of these that the index can complete.
    requirements=("vllm>=0.32,<0.34",),
    packages=(),
    steps=(("-W", "ignore", "-c", "import importlib.metadata as m; m.version('vllm')"),),
)
SGLANG = Interpreter(
    python="3.11",
    requirements=("sglang>=0.5.23,<0.6",),
    packages=(),
    steps=(("-W", "ignore", "-c", "import importlib.metadata as m; m.version('sglang')"),),
)
