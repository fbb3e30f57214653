"""What planning comes to: one record for each engine, and one for all of them."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.model import Role
from automem_backends.capacity.advice import Alternative
from automem_backends.capacity.fit import Figures
from automem_backends.capacity.gpus import Origin


class Conversation(Record):
    """One that an episode keeps on an engine."""

    adapter: str | None
    """None where the model itself answers."""
    roles: tuple[Role, ...]
    tokens: int
    """What is planned with."""
    uncut: int
    """What it could come to without the engine's limit."""
    source: str
    """How that is known, in words."""


class EngineCapacity(Record):
    """One engine of the configuration."""

    backend: str
    model: str
    roles: tuple[Role, ...]
    servers: int
    gpus_each: int
    """GPUs of one server; 0 where it runs on the processor."""
    attached: bool = False
    """Whether it runs already; it is planned as if it were started here."""
    gpu: str = ""
    """Empty where there is none to plan with."""
    parameters: int = 0
    weights: str = ""
    """Where their size is from."""
    adapters: int = 0
    """Places for them."""
    rank: int = 0
    conversations: tuple[Conversation, ...] = ()
    figures: Figures | None = None
    """Of one GPU and one server; None where there is no GPU, or nothing is known of the model."""
    episodes: int | None = None
    """At once, on all its servers."""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    """Where it would fit; worked out where there is no GPU."""


class Capacity(Record):
    """What fits."""

    fits: bool | None
    """Whether everything starts and holds an episode; None where there is no GPU to say."""
    origin: Origin
    """Whether the GPUs were found, or named, or there are none."""
    gpus: tuple[str, ...]
    engines: tuple[EngineCapacity, ...]
    elsewhere: dict[Role, str]
    """Role -> backend of those that no engine of this machine answers."""
    wanted: int
    """Episodes that the configuration plays at once."""
    episodes: int | None = None
    """That fit at once; None where that is not known, or nothing runs here."""
    problems: tuple[str, ...] = ()
    """What stands between several engines."""
