"""Where this user's interpreters and data sets are kept, apart from every run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "AUTOMEM_HOME"


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """`$AUTOMEM_HOME`, or `automem` in the user's folder for data, as XDG has it."""
    if chosen := environ.get(VARIABLE):
        return Path(chosen).expanduser().absolute()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().absolute() / "automem"


def data_folder(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where `automem setup NAME` puts the data set of that name; it may not be there yet."""
    return home(environ) / "data" / name
