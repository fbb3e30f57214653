"""Where an engine's program is: an interpreter made for it, this one, or what the user names."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from automem.errors import ConfigError, PluginError
from automem.processes.interpreters import python_of
from automem.records.setup import Interpreter
from automem.setups.place import place_of
from automem_backends.engines.kind import EngineKind
from automem_backends.engines.options import EngineOptions


@dataclass(frozen=True, slots=True)
class Program:
    """How an engine is called, before its arguments."""

    argv: tuple[str, ...]
    variables: Mapping[str, str]


def find_program(
    kind: EngineKind, options: EngineOptions, environ: Mapping[str, str] = os.environ
) -> Program:
    """The engine's program. Raises PluginError where it is not installed, and ConfigError."""
    variables = {**kind.variables, **_passed(options, environ)}
    if options.program:
        return Program(options.program, variables)
    place = place_of(kind.name, Interpreter())
    if place.folder.exists():
        python = python_of(kind.name)
    elif find_spec(kind.package) is not None:
        python = sys.executable
    else:
        raise PluginError(
            f"the engine {kind.name} is not installed; make an interpreter with it: automem setup "
            f'{kind.name}. Or attach to one that runs: base_url = "http://127.0.0.1:8000/v1"'
        )
    # Engines call compilers and programs of their own that lie beside their Python.
    path = os.pathsep.join((str(Path(python).parent), environ.get("PATH", os.defpath)))
    return Program((python, "-I", *kind.module), {**variables, "PATH": path})


def _passed(options: EngineOptions, environ: Mapping[str, str]) -> dict[str, str]:
    for name in options.variables:
        if name not in environ:
            raise ConfigError(
                f"variables: the environment variable {name} is not set; set it, or remove it there"
            )
    return {name: environ[name] for name in options.variables}
