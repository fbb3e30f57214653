"""Crafter's own modules, which have no type information, under one roof."""

from __future__ import annotations

from typing import Any

from crafter import constants as _constants  # pyright: ignore[reportUnknownVariableType]
from crafter import engine as _engine
from crafter import objects as _objects
from crafter import worldgen as _worldgen

constants: Any = _constants
engine: Any = _engine
objects: Any = _objects
worldgen: Any = _worldgen
