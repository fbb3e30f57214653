"""Which Python a worker runs in: this one, or one that `automem setup NAME` has made."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, cast

from automem.errors import PluginError
from automem.options import read_options
from automem.plugins import import_part
from automem.records.setup import Interpreter
from automem.setups.make import changed_package
from automem.setups.place import place_of
from automem.spec import EnvironmentSpec


def interpreter_of(spec: EnvironmentSpec, options: Mapping[str, Any]) -> str | None:
    """The named interpreter that an environment with these options runs in; None for this one.

    The spec names one for every use; or the struct of its options has a class variable
    `interpreters`, which maps values of the option `engine` to names. Raises ConfigError if the
    options are wrong, PluginError if their struct cannot be imported.
    """
    if spec.interpreter is not None or spec.config is None:
        return spec.interpreter
    struct = import_part(spec, spec.config)
    interpreters = cast("Mapping[str, str]", getattr(struct, "interpreters", {}))
    if not interpreters:
        return None
    read = read_options(spec.name, struct, options, path="environment")
    return interpreters.get(getattr(read, "engine", ""))


def worker_argv(interpreter: str | None, host: int) -> tuple[str, ...]:
    """How a worker is started. Raises PluginError if the interpreter is not made, or outdated."""
    module = ("-m", "automem.processes.worker", str(host))
    if interpreter is None:
        return (sys.executable, *module)
    # Isolated: PYTHONPATH names packages for the Python of the host.
    return (python_of(interpreter), "-I", *module)


def python_of(name: str) -> str:
    """The Python of a named interpreter. Raises PluginError if it is not made, or outdated."""
    place = place_of(name, Interpreter())
    again = f"run: automem setup {name}"
    if not place.folder.exists():
        raise PluginError(f"this needs the interpreter '{name}', which is not made; {again}")
    made = place.made()
    if made is None or not place.python.exists():
        raise PluginError(f"the interpreter '{name}' in {place.folder} cannot be used; {again}")
    # Host and worker speak one language only if they have the same AutoMem.
    if change := changed_package(made.packages):
        raise PluginError(f"the interpreter '{name}' is outdated: {change}; {again}")
    return str(place.python)
