"""vLLM as an engine: what `vllm serve` is told, and what serves a role with it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final

from automem.models.engines import Engine, EngineRequest
from automem.protocols import Backend
from automem.records.training import MOST_RANK, served_rank
from automem_backends.engines.engine import client, open_engine
from automem_backends.engines.kind import EngineKind, ServerPlan
from automem_backends.engines.options import EngineOptions
from automem_backends.engines.ports import HOST


def arguments(plan: ServerPlan) -> tuple[str, ...]:
    """The command line after `vllm`."""
    options = plan.options
    said = ["serve", plan.model, "--served-model-name", plan.model]
    said += ["--host", HOST, "--port", str(plan.port), "--enable-prompt-tokens-details"]
    if plan.serves_adapters:
        rank = str(served_rank(plan.rank))
        said += ["--enable-lora", "--max-lora-rank", rank, "--max-loras", str(plan.places)]
    if len(plan.gpus) > 1:
        said += ["--tensor-parallel-size", str(len(plan.gpus))]
    if options.gpu_memory_utilization is not None:
        said += ["--gpu-memory-utilization", f"{options.gpu_memory_utilization:g}"]
    if options.max_model_len is not None:
        said += ["--max-model-len", str(options.max_model_len)]
    if options.max_num_seqs is not None:
        said += ["--max-num-seqs", str(options.max_num_seqs)]
    return tuple(said)


VLLM: Final = EngineKind(
    name="vllm",
    package="vllm",
    module=("-m", "vllm.entrypoints.cli.main"),
    arguments=arguments,
    dialect="vllm",
    load_path="/v1/load_lora_adapter",
    served_adapter=lambda _base, adapter: adapter,
    variables={"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True", "VLLM_NO_USAGE_STATS": "1"},
    largest_rank=MOST_RANK,
)


def open_vllm(request: EngineRequest) -> AbstractAsyncContextManager[Engine]:
    """Start vLLM, or attach to one."""
    return open_engine(VLLM, request)


def vllm_client(
    model: str | None, adapter: str | None, options: EngineOptions, engine: Engine
) -> Backend:
    """Who asks vLLM for one role."""
    return client(VLLM, adapter, options, engine)
