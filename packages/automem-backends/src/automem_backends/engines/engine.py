"""Opens the engine that roles share: servers of our own, or some that run already."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import anyio

from automem.errors import ConfigError
from automem.models.adapters import is_folder
from automem.models.engines import Engine, EngineRequest
from automem.models.served import Adapter, read_adapter
from automem.protocols import Backend
from automem.tasks import beside
from automem_backends.engines.attached import AttachedClient, AttachedEngine
from automem_backends.engines.kind import EngineKind, ServerPlan
from automem_backends.engines.options import EngineOptions
from automem_backends.engines.pace import USUAL, Pace
from automem_backends.engines.ports import LAST_PORT, free_ports
from automem_backends.engines.program import find_program
from automem_backends.engines.readiness import Readiness
from automem_backends.engines.server import Server
from automem_backends.engines.started import StartedEngine
from automem_backends.engines.wire import wires
from automem_backends.openai_compatible import OpenAICompatible, OpenAICompatibleOptions
from automem_backends.replicas import Replicas

_OURS: Final = {
    "--host": "an engine that is started listens on this machine alone",
    "--port": "set the option `port`",
    "--api-key": "an engine that is started listens on this machine alone, and asks for no key",
    "--served-model-name": "it is the one in `model`",
}


@asynccontextmanager
async def open_engine(
    kind: EngineKind, request: EngineRequest, *, pace: Pace = USUAL
) -> AsyncGenerator[Engine]:
    """Start servers, or attach to those that `base_url` names; leaving ends what was started.

    Raises ConfigError and PluginError at once; `ready` raises what shows later.
    """
    options: EngineOptions = request.options
    if not request.model:
        raise ConfigError(
            f"backend {kind.name} needs `model`: a folder, or a name on the hub such as "
            "Qwen/Qwen2.5-7B-Instruct"
        )
    attaches = options.base_url is not None
    given = [one for one in request.adapters if one is not None]
    folders = [one for one in given if is_folder(one) or not attaches]
    adapters = await anyio.to_thread.run_sync(
        partial(_read, folders, request.model, kind, alias=attaches)
    )
    for unknown in filter(None, [adapter.unknown for adapter in adapters]):
        request.tell(unknown)
    readiness = Readiness(
        kind=kind,
        base=request.model if attaches else kind.served_model(request.model),
        adapters=adapters,
        named=tuple(one for one in given if one not in folders),
        probes=options.probe,
    )
    if attaches:
        addresses = Replicas.of(options.urls).urls
        async with wires(_key(options)) as wires_:
            yield AttachedEngine(readiness, [wires_.to(url) for url in addresses])
    else:
        async with _started(kind, request, readiness, pace) as engine:
            yield engine


@asynccontextmanager
async def _started(
    kind: EngineKind, request: EngineRequest, readiness: Readiness, pace: Pace
) -> AsyncGenerator[Engine]:
    _refuse_arguments(request.options)
    program = find_program(kind, request.options)
    engine = StartedEngine(readiness, pace)
    async with wires() as wires_:
        for plan in plans(request, readiness.adapters):
            server = Server(
                kind=kind,
                program=program,
                plan=plan,
                logs=request.logs,
                wires=wires_,
                tell=request.tell,
                pace=pace,
                prepare=readiness.prepare,
                changed=engine.change,
            )
            engine.servers.append(server)
        async with beside(engine.run):
            yield engine


def _refuse_arguments(options: EngineOptions) -> None:
    """Where it listens, and under which name, is what everything else relies on."""
    for argument in options.engine_arguments:
        # Engines take an underscore for a hyphen, and a beginning for the whole.
        name = argument.partition("=")[0].replace("_", "-")
        for ours, why in _OURS.items():
            if len(name) > len("--") and ours.startswith(name):
                raise ConfigError(f"engine_arguments: {ours} is not for you to choose; {why}")


def plans(request: EngineRequest, adapters: tuple[Adapter, ...]) -> list[ServerPlan]:
    """One for each replica: its port and its share of the GPUs. Raises ConfigError."""
    options: EngineOptions = request.options
    count = options.replicas
    if len(set(options.gpus)) < len(options.gpus):
        raise ConfigError("gpus: a GPU is named twice; name each once")
    if options.port is not None and options.port + count - 1 > LAST_PORT:
        raise ConfigError(
            f"port: {count} replicas from {options.port} on need ports above {LAST_PORT}; choose "
            "a lower one"
        )
    if len(options.gpus) % count:
        raise ConfigError(
            f"gpus: {len(options.gpus)} GPUs cannot be divided among {count} replicas; name as "
            "many for each"
        )
    for adapter in adapters:
        if options.max_lora_rank is not None and adapter.rank > options.max_lora_rank:
            raise ConfigError(
                f"max_lora_rank is {options.max_lora_rank}, and the rank of {adapter.given} is "
                f"{adapter.rank}; raise it, or leave it out"
            )
    share = len(options.gpus) // count
    ports = free_ports(count) if options.port is None else range(options.port, options.port + count)
    return [
        ServerPlan(
            model=request.model or "",
            port=port,
            gpus=options.gpus[number * share : (number + 1) * share],
            adapters=adapters,
            options=options,
        )
        for number, port in enumerate(ports)
    ]


def client(
    kind: EngineKind, adapter: str | None, options: EngineOptions, engine: Engine
) -> Backend:
    """Who asks the engine for one role."""
    settings = OpenAICompatibleOptions(
        base_url=engine.urls,
        api_key_env=None if options.base_url is None else options.api_key_env,
        engine=kind.dialect,
        attempt_seconds=options.attempt_seconds,
        cache_salt=options.cache_salt,
        extra_body=options.extra_body,
    )
    asking = OpenAICompatible(engine.served_name(adapter), None, settings)
    return AttachedClient(asking, engine) if isinstance(engine, AttachedEngine) else asking


def _read(given: list[str], model: str, kind: EngineKind, *, alias: bool) -> tuple[Adapter, ...]:
    largest = kind.largest_rank
    return tuple([read_adapter(one, model, largest_rank=largest, alias=alias) for one in given])


def _key(options: EngineOptions, environ: Mapping[str, str] = os.environ) -> str | None:
    """The key of an engine that is attached to; the client says what is wrong with it."""
    return environ.get(options.api_key_env or "", "").strip() or None
