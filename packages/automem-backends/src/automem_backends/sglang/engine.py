"""SGLang as an engine: what its launcher is told, and what serves a role with it.

SGLang finds an adapter only behind its model's name and a colon. The bare name of an adapter is
answered by the base model, without a word, so names are built here and proven by the probe.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final

from automem.models.engines import Engine, EngineRequest
from automem.protocols import Backend
from automem_backends.engines.engine import client, open_engine
from automem_backends.engines.kind import EngineKind, ServerPlan
from automem_backends.engines.options import EngineOptions
from automem_backends.engines.ports import HOST


def arguments(plan: ServerPlan) -> tuple[str, ...]:
    """The command line after `python -m sglang.launch_server`."""
    options = plan.options
    said = ["--model-path", plan.model, "--served-model-name", served_model(plan.model)]
    said += ["--host", HOST, "--port", str(plan.port), "--enable-cache-report", "--enable-metrics"]
    if plan.serves_adapters:
        targets = sorted({target for adapter in plan.adapters for target in adapter.targets})
        # The base takes a place in a batch as well.
        said += ["--enable-lora", "--max-loras-per-batch", str(plan.places + 1)]
        said += ["--max-lora-rank", str(plan.rank), "--lora-target-modules", *(targets or ["all"])]
    if len(plan.gpus) > 1:
        said += ["--tp-size", str(len(plan.gpus))]
    if options.gpu_memory_utilization is not None:
        said += ["--mem-fraction-static", f"{options.gpu_memory_utilization:g}"]
    if options.max_model_len is not None:
        said += ["--context-length", str(options.max_model_len)]
    if options.max_num_seqs is not None:
        said += ["--max-running-requests", str(options.max_num_seqs)]
    return tuple(said)


def served_model(model: str) -> str:
    """A model's name without the colon, behind which SGLang looks for an adapter."""
    return model.replace(":", "-")


SGLANG: Final = EngineKind(
    name="sglang",
    package="sglang",
    module=("-m", "sglang.launch_server"),
    arguments=arguments,
    dialect="sglang",
    load_path="/load_lora_adapter",
    served_adapter=lambda base, adapter: f"{base}:{adapter}",
    served_model=served_model,
)


def open_sglang(request: EngineRequest) -> AbstractAsyncContextManager[Engine]:
    """Start SGLang, or attach to one."""
    return open_engine(SGLANG, request)


def sglang_client(
    model: str | None, adapter: str | None, options: EngineOptions, engine: Engine
) -> Backend:
    """Who asks SGLang for one role."""
    return client(SGLANG, adapter, options, engine)
