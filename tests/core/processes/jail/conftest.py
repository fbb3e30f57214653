"""The levels that are tested: all that this machine offers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from automem.processes.jail import Jail, JailLevel, open_jail
from automem.processes.jail.levels import LEVELS, why_not

OFFERED: list[JailLevel] = [level for level in LEVELS if why_not(level) is None]
LOCKED: list[JailLevel] = [level for level in OFFERED if level not in ("monty", "none")]
STRONGEST = LOCKED[0]
INTERPRETERS: list[JailLevel] = [STRONGEST, *(level for level in OFFERED if level == "monty")]
READING: list[JailLevel] = [level for level in LOCKED if level != "seccomp"]

Opens = Callable[..., AbstractAsyncContextManager[Jail]]


@pytest.fixture(params=LOCKED)
def locked(request: pytest.FixtureRequest) -> JailLevel:
    """Each level at which CPython is locked."""
    return request.param


@pytest.fixture(params=INTERPRETERS)
def interpreter(request: pytest.FixtureRequest) -> JailLevel:
    """One level for each interpreter that code is run by."""
    return request.param


@pytest.fixture(params=OFFERED)
def offered(request: pytest.FixtureRequest) -> JailLevel:
    """Each level, "none" included."""
    return request.param


@pytest.fixture
def opens(tmp_path: Path) -> Opens:
    """Opens a jail whose log is the test's."""

    def opener(source: str, **options: Any) -> AbstractAsyncContextManager[Jail]:
        return open_jail(source, name="code.py", log=tmp_path / "jail.log", **options)

    return opener
