"""Opens the backend tiny over a model of random weights, and asks it as the router does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from automem.models.engines import EngineRequest
from automem.models.limiter import AdaptiveLimiter
from automem.models.retry import Attempts, Patience
from automem.records.model import Message, ModelReply, ModelRequest, Sampling
from automem_tiny.serving.backend import open_tiny, tiny_client
from automem_tiny.serving.host import TinyEngine
from automem_tiny.serving.options import TinyOptions
from automem_tiny.testing import build_adapter


def request(said: str, **sampling: Any) -> ModelRequest:
    usual = {"temperature": 0.0, "max_tokens": 16}
    return ModelRequest(
        messages=(Message(role="user", content=said),),
        sampling=Sampling(**{**usual, **sampling}),
        seed=3,
    )


@dataclass
class Opener:
    """Opens engines over one model, and keeps what they tell."""

    model: Path
    folder: Path
    said: list[str] = field(default_factory=list[str])

    @asynccontextmanager
    async def open(
        self, *adapters: str | None, model: str | None = None
    ) -> AsyncGenerator[TinyEngine]:
        asked = EngineRequest(
            backend="tiny",
            model=model or str(self.model),
            adapters=(None, *adapters),
            options=TinyOptions(),
            logs=self.folder / "logs",
            tell=self.said.append,
        )
        async with open_tiny(asked) as engine:
            assert isinstance(engine, TinyEngine)
            await engine.ready()
            yield engine

    def adapter(self, name: str = "adapter", **how: Any) -> str:
        return str(build_adapter(self.folder / name, self.model, **how))


async def ask(
    engine: TinyEngine, asked: ModelRequest, adapter: str | None = None, *, retries: int = 0
) -> ModelReply:
    """One call as the router makes it."""
    patience = Patience(timeout_seconds=60.0, retries=retries, random=Random(0))
    attempts = Attempts("memory", patience, AdaptiveLimiter(), engine=engine)
    backend = tiny_client(None, adapter, TinyOptions(), engine)
    return await attempts.run(lambda: backend.complete(asked))
