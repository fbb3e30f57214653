"""The jail of model-written code: a locked process that answers calls, and nothing else."""

from __future__ import annotations

from automem.processes.jail.jail import Jail, open_jail
from automem.processes.jail.levels import best_level
from automem.processes.jail.selftest import self_test
from automem.records.jail import JailLevel, JailLimits, JailReport

__all__ = [
    "Jail",
    "JailLevel",
    "JailLimits",
    "JailReport",
    "best_level",
    "open_jail",
    "self_test",
]
