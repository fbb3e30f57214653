"""What tells one engine from another: its command line, its endpoints, how it names adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from automem.models.served import Adapter
from automem_backends.chat import Engine as Dialect
from automem_backends.engines.options import EngineOptions


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What one server shall be started with."""

    model: str
    port: int
    gpus: tuple[int, ...]
    adapters: tuple[Adapter, ...]
    options: EngineOptions

    @property
    def serves_adapters(self) -> bool:
        """Whether it must be able to hold any."""
        given = self.options
        return bool(self.adapters) or given.max_lora_rank is not None or given.max_loras is not None

    @property
    def rank(self) -> int:
        """The largest rank it must accept."""
        largest = max((adapter.rank for adapter in self.adapters), default=16)
        return self.options.max_lora_rank or largest

    @property
    def places(self) -> int:
        """How many adapters it holds at once."""
        return self.options.max_loras or max(1, len(self.adapters))


class Arguments(Protocol):
    """Makes the arguments of an engine's program."""

    def __call__(self, plan: ServerPlan) -> tuple[str, ...]:
        """Everything after the program, without what the user adds."""
        ...


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One engine."""

    name: str
    """Of the backend, and of the interpreter that `automem setup` makes for it."""
    package: str
    """What is imported where it is installed in this interpreter."""
    module: tuple[str, ...]
    """Arguments that make a Python its program, such as `("-m", "vllm.entrypoints.cli.main")`."""
    arguments: Arguments
    dialect: Dialect
    """How its requests differ from others'."""
    load_path: str
    """Where adapters are loaded at run time, from the root of the server."""
    served_adapter: Callable[[str, str], str]
    """From the served names of base and adapter to what a request names."""
    served_model: Callable[[str], str] = field(default=lambda model: model)
    """The name under which a model is served."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment variables it is started with."""
    largest_rank: int | None = None
    """Of an adapter; None where it does not say."""
