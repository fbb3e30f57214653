"""A configuration that was checked for loop 1."""

from __future__ import annotations

from typing import TypeAlias

from automem.loops import opening
from automem.plugins import Plugins
from automem.records.config import RunConfig
from automem_meta.config import EvolveSection

Opened: TypeAlias = opening.Opened[EvolveSection]


def open_config(config: RunConfig, plugins: Plugins) -> Opened:
    """Check a configuration for loop 1. Raises ConfigError with the path of the key."""
    return opening.open_loop(config, plugins, EvolveSection)
