"""AutoMem: memory as a skill that an LLM agent learns."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from automem.errors import AutoMemError
from automem.hooks import hookimpl
from automem.protocols import Environment
from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.spec import BackendSpec, EnvironmentSpec, Spec

__all__ = [
    "AutoMemError",
    "BackendSpec",
    "Environment",
    "EnvironmentInfo",
    "EnvironmentSpec",
    "Frame",
    "Observation",
    "Spec",
    "StepResult",
    "hookimpl",
    "read_run",
]

if TYPE_CHECKING:
    from automem.frame import read_run


def __getattr__(name: str) -> Any:
    """`read_run` is imported when it is asked for; the command line starts without it."""
    if name == "read_run":
        return import_module("automem.frame").read_run
    raise AttributeError(f"module 'automem' has no attribute {name!r}")
