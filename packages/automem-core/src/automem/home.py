"""Where this user's interpreters and data sets are kept, apart from every run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from automem.errors import ConfigError

VARIABLE = "AUTOMEM_HOME"


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """`$AUTOMEM_HOME`, or `automem` in the user's folder for data, as XDG has it."""
    if chosen := environ.get(VARIABLE):
        return expanded(chosen).absolute()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return expanded(data).absolute() / "automem"


def data_folder(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where `automem setup NAME` puts the data set of that name; it may not be there yet."""
    return home(environ) / "data" / name


def expanded(path: str) -> Path:
    """The path with a leading `~` or `~name` filled in. Raises ConfigError for a user unknown."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{path}: there is no such user's home; write the whole path") from error
