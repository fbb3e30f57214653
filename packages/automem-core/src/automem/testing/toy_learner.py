"""A player of the toy game that can be trained: alone it forgets, with a good adapter it does not.

It plays as a model behind an engine does, but nothing is computed: how much an adapter has learned
is its rank in `adapter_config.json`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from automem.hooks import hookimpl
from automem.models.cost import FREE, Price
from automem.models.engines import Engine, EngineRequest
from automem.records._struct import Record
from automem.records.model import ModelReply, ModelRequest
from automem.spec import BackendSpec
from automem.testing.scripted import count_usage
from automem.testing.toy_player import toy_reply

LEARNS_FROM = 16
"""The smallest rank of an adapter that helps."""


class ToyLearnerOptions(Record):
    """Options of the backend `toy-learner`; none of them changes an answer here."""

    inconsequential: ClassVar[tuple[str, ...]] = ("calls", "engines")

    calls: str = ""
    """A file that gets a line for each call, its identity, when it arrives."""
    engines: str = ""
    """A file that gets `+` and the adapters where an engine starts, and `-` where it ends."""
    arguments: tuple[str, ...] = ()
    """Of the engine; with others, an evaluation counts as another one."""


class _AdapterSettings(msgspec.Struct, frozen=True):
    r: int


class ToyLearner:
    """Notes the signs of every second room only, unless its adapter has taught it better."""

    def __init__(
        self, model: str | None, adapter: str | None, options: ToyLearnerOptions, engine: Engine
    ) -> None:
        self.price: Price = FREE
        self._model = model or "toy-learner"
        self._options = options
        self._hands_over = adapter is not None
        self._forgets = adapter is None or _rank(Path(adapter)) < LEARNS_FROM
        del engine

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one turn."""
        _append(self._options.calls, request.identity)
        said = [message.content for message in request.messages]
        text = toy_reply(said, hands_over=self._hands_over, forgets=self._forgets)
        return ModelReply(text=text, usage=count_usage(request, text), model=self._model)

    async def aclose(self) -> None:
        """Nothing is held."""


class _Ready:
    """An engine without a server."""

    urls: tuple[str, ...] = ()
    deaths = 0

    def served_name(self, adapter: str | None) -> str:
        return adapter or "base"

    async def ready(self) -> None:
        """At once."""

    async def has_died(self, since: int) -> bool:
        del since
        return False


@asynccontextmanager
async def open_toy_engine(request: EngineRequest) -> AsyncGenerator[Engine]:
    """Starts nothing, but says so."""
    options: Any = request.options
    names = [Path(one).name if one else "base" for one in request.adapters]
    _append(options.engines, f"+ {' '.join(names)}")
    try:
        yield _Ready()
    finally:
        _append(options.engines, f"- {' '.join(names)}")


def _rank(adapter: Path) -> int:
    raw = (adapter / "adapter_config.json").read_bytes()
    return msgspec.json.decode(raw, type=_AdapterSettings).r


def _append(path: str, line: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@hookimpl
def automem_backends() -> Iterable[BackendSpec]:
    """The player that can be trained."""
    return [
        BackendSpec(
            name="toy-learner",
            make="automem.testing.toy_learner:ToyLearner",
            engine="automem.testing.toy_learner:open_toy_engine",
            summary="Plays the toy game, better with an adapter of enough rank.",
            config="automem.testing.toy_learner:ToyLearnerOptions",
        )
    ]


def toy_learner_entry_point() -> EntryPoint:
    """What `automem.plugins.load_plugins(entry_points=...)` takes."""
    return EntryPoint(name="learner", value="automem.testing.toy_learner", group="automem")
