"""Makes an interpreter: a virtual environment from uv, with what its set-up asks for."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from automem.errors import SetupError
from automem.records.setup import Interpreter, Package
from automem.setups.programs import ProgramFailed, Programs
from automem.setups.sources import arguments_for

_LIST = (
    "import importlib.metadata as m\n"
    "for one in sorted({f'{d.name}=={d.version}' for d in m.distributions()}): print(one)"
)
_START_SECONDS = 60.0
_NO_NETWORK = (
    "offline",
    "network was disabled",
    "Failed to fetch",
    "dns error",
    "Could not connect",
    "error sending request",
)


def make_interpreter(
    folder: Path, interpreter: Interpreter, packages: Sequence[Package], programs: Programs, uv: str
) -> tuple[str, ...]:
    """Fill `folder`, which can be moved afterwards; every distribution that is in it then.

    `packages` are those of the interpreter, as they are installed here. Raises SetupError.
    """
    _make_empty(folder, interpreter, programs, uv)
    python = str(folder / "bin" / "python")
    install = (uv, "pip", "install", "--python", python, *find_links(programs))
    own = [argument for package in packages for argument in arguments_for(package)]
    wanted = (*interpreter.requirements, *own)
    if wanted:
        _install((*install, *interpreter.options, *wanted), programs)
    if interpreter.unresolved:
        _install((*install, "--no-deps", *interpreter.options, *interpreter.unresolved), programs)
    for step in interpreter.steps:
        programs.run((python, *step), f"running its step: {_short(step)}")
    return tuple(programs.run((python, "-I", "-c", _LIST), "looking at what is in it"))


def why_dead(python: Path) -> str | None:
    """Why an interpreter that is there runs nothing; None where it runs."""
    try:
        ran = subprocess.run(  # noqa: S603 - an interpreter of ours
            (python, "-I", "-c", "pass"),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_START_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"its Python does not start within {_START_SECONDS:g} s"
    except OSError as error:
        return f"its Python does not run: {error.strerror}"
    code = ran.returncode
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    return f"its Python does not run: it {ended}" if code else None


def find_links(programs: Programs) -> tuple[str, ...]:
    """The folders of wheels that pip is configured with, which uv does not look at by itself."""
    folders = programs.environ.get("PIP_FIND_LINKS", "").split()
    return tuple(part for folder in folders for part in ("--find-links", folder))


def _make_empty(folder: Path, interpreter: Interpreter, programs: Programs, uv: str) -> None:
    wanted = interpreter.python
    # Where this Python will do, no other is looked for, and none is fetched.
    chosen = sys.executable if _is_this(wanted) else wanted
    argv = (uv, "venv", "--relocatable", "--no-project", "--python", chosen, os.fspath(folder))
    try:
        programs.run(argv, f"making an empty interpreter, CPython {wanted}")
    except ProgramFailed as error:
        if not error.said:
            raise
        raise SetupError(
            f"CPython {wanted} cannot be used here:\n  {error.said}\n"
            f"install that Python, or let uv fetch it: uv python install {wanted}"
        ) from error


def _is_this(version: str) -> bool:
    mine = platform.python_version_tuple()
    return (
        sys.implementation.name == "cpython"
        and tuple(version.split(".")) == mine[: version.count(".") + 1]
    )


def _install(argv: Sequence[str], programs: Programs) -> None:
    try:
        programs.run(argv, "installing what it needs")
    except ProgramFailed as error:
        if any(sign in error.said for sign in _NO_NETWORK):
            raise SetupError(
                f"{error}\nwithout a network, name a folder of wheels in PIP_FIND_LINKS"
            ) from error
        raise


def _short(step: Sequence[str]) -> str:
    text = " ".join(step)
    return text if len(text) <= 60 else f"{text[:57]}..."
