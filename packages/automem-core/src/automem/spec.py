"""What a plugin hands over: a name and where to import the thing from, on first use."""

from __future__ import annotations

from automem.records._struct import Record


class Spec(Record):
    """One part a user can name in a configuration."""

    name: str
    """What the user types."""
    make: str
    """`package.module:attribute`, imported on first use and then called."""
    summary: str
    """One line for `automem plugins`."""
    config: str | None = None
    """`package.module:Struct` for its options, checked when a configuration is read."""
    extra: str | None = None
    """What to install if the import fails, such as `automem-envs[crafter]`."""
    interpreter: str | None = None
    """The named interpreter it runs in, made by `automem setup`."""


class EnvironmentSpec(Spec):
    """An environment; `make(task, options)` gives an `automem.protocols.Environment`."""

    tasks: tuple[str, ...] = ("default",)
    """Every task it offers, in the order a table shows them."""
    recorded: str | None = None
    """`package.module:attribute`, called for the paths of traces of this game.

    Scaffolds are tried on them before an evaluation is paid for.
    """


class BackendSpec(Spec):
    """A backend whose answers come from an engine that AutoMem starts, or attaches to."""

    engine: str
    """`package.module:attribute`, an `automem.models.engines.OpenEngine`.

    `make` is then called as `make(model, adapter, options, engine)`.
    """
    capacity: str | None = None
    """`package.module:attribute`, called as `capacity(config, plugins)` for `automem doctor`.

    It gives an `automem.records.capacity.Fit` for each engine of the configuration it knows.
    """
    model: str | None = None
    """`package.module:attribute`, called for the folder of the model that it comes with.

    That one plays, and is trained, where a role names no model.
    """
    listens: bool = True
    """Whether its engine answers at URLs, so that another command can attach to it."""
