"""AutoMem: memory as a skill that an LLM agent learns."""

from automem.errors import AutoMemError
from automem.hooks import hookimpl
from automem.protocols import Environment
from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.spec import EnvironmentSpec, Spec

__all__ = [
    "AutoMemError",
    "Environment",
    "EnvironmentInfo",
    "EnvironmentSpec",
    "Frame",
    "Observation",
    "Spec",
    "StepResult",
    "hookimpl",
]
