"""Opens the engine for the roles that share it, and asks it for each of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import anyio

from automem.errors import ConfigError
from automem.models.bases import CONFIG, base_folder
from automem.models.engines import Engine, EngineRequest
from automem.models.served import Adapter, read_adapter
from automem.records.model import ModelReply, ModelRequest, Usage
from automem.tasks import beside
from automem_tiny.engine.asking import Ask
from automem_tiny.folders import model
from automem_tiny.serving.host import TinyEngine
from automem_tiny.serving.messages import Load
from automem_tiny.serving.options import TinyOptions

OWN: Final = "automem-tiny"
"""What replies call the model that comes with this package."""


@asynccontextmanager
async def open_tiny(request: EngineRequest) -> AsyncGenerator[Engine]:
    """Start a worker; leaving ends it. Raises ConfigError; `ready` raises what shows later."""
    options: TinyOptions = request.options
    folder = model() if request.model is None else base_folder(request.model)
    if folder is None:
        raise ConfigError(
            f"model: {request.model} holds no {CONFIG}; name a folder with a small model of the "
            "type llama, or leave `model` out for the one that comes with automem-tiny"
        )
    given = [one for one in request.adapters if one is not None]
    adapters = await anyio.to_thread.run_sync(_read, given, folder)
    for unknown in filter(None, [adapter.unknown for adapter in adapters]):
        request.tell(unknown)
    engine = TinyEngine(
        load=Load(
            id=-1,
            folder=str(folder.absolute()),
            adapters=tuple(str(adapter.path) for adapter in adapters),
            at_once=options.max_num_seqs,
            kept_tokens=options.kept_tokens,
        ),
        name=OWN if request.model is None else request.model,
        adapters={adapter.given: adapter for adapter in adapters},
        log=request.logs / "tiny.log",
        tell=request.tell,
    )
    async with beside(engine.run):
        yield engine


def _read(given: list[str], folder: Path) -> list[Adapter]:
    return [read_adapter(one, str(folder)) for one in given]


def tiny_client(
    model: str | None, adapter: str | None, options: TinyOptions, engine: Engine
) -> TinyBackend:
    """Who asks the engine for one role."""
    del model, options
    assert isinstance(engine, TinyEngine)  # noqa: S101 - what `open_tiny` opened
    return TinyBackend(engine, adapter)


@dataclass(frozen=True, slots=True)
class TinyBackend:
    """Implements `automem.protocols.Backend`."""

    engine: TinyEngine
    adapter: str | None

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one conversation; cancelled, it is left at the next step. Raises ModelError."""
        sampling = request.sampling
        adapter = None if self.adapter is None else str(self.engine.adapters[self.adapter].path)
        seed = Random().getrandbits(63) if request.seed is None else request.seed  # noqa: S311 - games, not secrets
        answer = await self.engine.ask(
            Ask(
                messages=request.messages,
                temperature=sampling.temperature,
                top_p=1.0 if sampling.top_p is None else sampling.top_p,
                max_tokens=sampling.max_tokens,
                stop=sampling.stop,
                seed=seed,
                adapter=adapter,
            )
        )
        return ModelReply(
            text=answer.text,
            usage=Usage(
                input_tokens=answer.prompt_tokens,
                cached_tokens=answer.cached_tokens,
                output_tokens=answer.completion_tokens,
            ),
            finish=answer.finish,
            model=self.engine.served_name(self.adapter),
        )

    async def aclose(self) -> None:
        """The engine is the router's to end."""
