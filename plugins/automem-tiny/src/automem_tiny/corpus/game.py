"""The game that is learned, found as everybody finds it."""

from __future__ import annotations

from automem.plugins import load_plugins
from automem.protocols import Environment


def crafter() -> Environment:
    """One of its own. Raises PluginError where automem-envs is not installed."""
    plugins = load_plugins()
    spec = plugins.get("environment", "crafter")
    game: Environment = plugins.load(spec)("default", plugins.options(spec, {}, path="environment"))
    return game
