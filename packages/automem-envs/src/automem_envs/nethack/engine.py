"""The NetHack library of this interpreter, which has no type information, under one roof.

`nle` and `balrog-nle` install the same import name; whichever is here is the engine.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, get_args

from nle import nethack as _nethack

from automem.errors import EnvironmentFailure
from automem_envs.nethack.options import Engine

nethack: Any = _nethack
LIBRARY: Final = Path(nethack.nethack.DLPATH)
"""What every game loads a copy of."""
FOLDER: Final = Path(nethack.nethack.HACKDIR)
"""The engine's data and its level compiler."""

SCREEN_ROWS: Final = 24
SCREEN_COLUMNS: Final = 80
MAP_ROWS: Final = 21
MAP_COLUMNS: Final = 79


def installed_engine() -> tuple[Engine, str]:
    """Which of the two is installed here, and its version."""
    for name in reversed(get_args(Engine)):
        try:
            return name, version(name)
        except PackageNotFoundError:
            continue
    raise EnvironmentFailure("the package 'nle' can be imported, but nothing says its version")


def require_engine(wanted: Engine) -> tuple[Engine, str]:
    """The installed engine, if it is the one that is wanted; EnvironmentFailure otherwise."""
    found, its_version = installed_engine()
    if found == wanted:
        return found, its_version
    remedy = (
        "run: automem setup nethack-balrog"
        if wanted == "balrog-nle"
        else "play it in an interpreter that has automem-envs[nethack]"
    )
    raise EnvironmentFailure(f"this interpreter has the engine '{found}', not '{wanted}'; {remedy}")
