"""The local engine as one that AutoMem starts: what it is told, and what serves a role with it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final

from automem.errors import ConfigError
from automem.models.engines import Engine, EngineRequest
from automem.protocols import Backend
from automem_backends.engines.engine import client, open_engine
from automem_backends.engines.kind import EngineKind, ServerPlan
from automem_backends.engines.options import EngineOptions


def arguments(plan: ServerPlan) -> tuple[str, ...]:
    """The command line after `python -m automem_backends.local`."""
    options = plan.options
    said = ["--model", plan.model, "--served-model-name", plan.model, "--port", str(plan.port)]
    if options.max_model_len is not None:
        said += ["--max-model-len", str(options.max_model_len)]
    if options.max_num_seqs is not None:
        said += ["--max-num-seqs", str(options.max_num_seqs)]
    return tuple(said)


LOCAL: Final = EngineKind(
    name="local",
    package="torch",
    module=("-m", "automem_backends.local"),
    arguments=arguments,
    # It speaks as vLLM does.
    dialect="vllm",
    load_path="/v1/load_lora_adapter",
    served_adapter=lambda _base, adapter: adapter,
    variables={"TOKENIZERS_PARALLELISM": "false"},
)


def open_local(request: EngineRequest) -> AbstractAsyncContextManager[Engine]:
    """Start the engine, or attach to one. Raises ConfigError for what it does not have."""
    options: EngineOptions = request.options
    if options.gpu_memory_utilization is not None:
        raise ConfigError(
            "gpu_memory_utilization: the local engine takes no share of a GPU; bound its memory "
            'with engine_arguments = ["--kv-cache-mib", "2048"]'
        )
    if len(options.gpus) > options.replicas:
        raise ConfigError(
            f"gpus: a local engine uses one GPU; name {options.replicas}, or use vllm"
        )
    return open_engine(LOCAL, request)


def local_client(
    model: str | None, adapter: str | None, options: EngineOptions, engine: Engine
) -> Backend:
    """Who asks the local engine for one role."""
    return client(LOCAL, adapter, options, engine)
