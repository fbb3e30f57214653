"""Where the files of this package lie."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parent


def scaffold(name: str) -> Path:
    """The folder of a terse scaffold."""
    return PACKAGE / "scaffolds" / name


def crafter_tiny_v0() -> Path:
    """Two files that are appended to; nothing of them is shown unasked."""
    return scaffold("crafter-tiny-v0")


def crafter_tiny_map() -> Path:
    """A map keyed by place, and a state with position and goal in every prompt."""
    return scaffold("crafter-tiny-map")


def model() -> Path:
    """The folder of the model that comes with the package; transformers and engines load it."""
    return PACKAGE / "model"
