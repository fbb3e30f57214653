"""Every hook a plugin may implement; each answers with specs and does nothing else.

A plugin is a module (or any object) named in the entry-point group `automem`:

    [project.entry-points.automem]
    hanoi = "automem_hanoi"

and in that module, for each hook it wants:

    from automem import EnvironmentSpec, hookimpl

    @hookimpl
    def automem_environments():
        return [
            EnvironmentSpec(name="hanoi", make="automem_hanoi:Hanoi", summary="Towers of Hanoi")
        ]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from automem.protocols import RunView, Subscriber
    from automem.spec import EnvironmentSpec, Spec

PROJECT = "automem"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def automem_environments() -> Iterable[EnvironmentSpec]:  # pyright: ignore[reportReturnType]
    """Games. `make(task, options)` returns an `automem.protocols.Environment`."""


@hookspec
def automem_backends() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Sources of answers. `make(model, adapter, options)` is an `automem.protocols.Backend`.

    A `BackendSpec` also names the engine behind it, which is started for the roles that ask it.
    """


@hookspec
def automem_meta_providers() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Meta-LLMs. `make(model, options)` is an `automem.protocols.MetaProvider`."""


@hookspec
def automem_trainers() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """What turns a recipe into an adapter. `make(options)` is an `automem.protocols.Trainer`."""


@hookspec
def automem_loops() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Loops that improve the agent. `make(config, plugins)` is an `automem.loops.loop.Loop`."""


@hookspec
def automem_executors() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Ways to spread episodes over machines."""


@hookspec
def automem_gates() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Rules that say keep or drop. `make(options)` is an `automem.protocols.Gate`."""


@hookspec
def automem_scaffolds() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Scaffold folders. `make()` returns the folder as a `pathlib.Path`."""


@hookspec
def automem_commands() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Further `automem` commands. `make` names a `click.Command`."""


@hookspec
def automem_setups() -> Iterable[Spec]:  # pyright: ignore[reportReturnType]
    """Interpreters and data sets. `make` names an `Interpreter` or `DataSet`, or gives one."""


@hookspec
def automem_subscribers(run: RunView) -> Iterable[Subscriber]:  # pyright: ignore[reportReturnType]
    """Trackers that are told of every event of a run as it happens."""
