"""Small wheels, set-ups of them, and programs that take the place of uv."""

from __future__ import annotations

import os
import shlex
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from automem.records.setup import AnySetup, Interpreter
from automem.setups.make import Setup, make
from automem.setups.place import place_of
from automem.setups.programs import find_uv
from automem.spec import Spec

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
LOUD = """
import sys
print("a word of the step", len(sys.argv))
"""


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A wheel without dependencies."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


@dataclass(slots=True)
class Bench:
    """Where a test makes set-ups; `told` is what a waiting person would have read."""

    folder: Path
    environ: dict[str, str]
    told: list[str]

    @property
    def root(self) -> Path:
        return self.folder / "home"

    def setup(self, made_from: AnySetup, name: str = "tiny") -> Setup:
        spec = Spec(name=name, make="nobody:asks", summary="")
        return Setup(spec=spec, made_from=made_from, place=place_of(name, made_from, self.root))

    def make(self, setup: Setup, source: str = "") -> bool:
        return make(setup, self.told.append, source=source, environ=self.environ)

    def program(self, name: str, script: str) -> str:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def instead_of_uv(self, script: str) -> None:
        """Later set-ups call this; `$real` is uv itself."""
        real = f"real={shlex.quote(find_uv())}\n"
        self.environ["UV"] = self.program("uv", real + script)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "automem_tiny", "1.0", {"automem_tiny.py": LOUD})
    write_wheel(wheels, "automem_tiny", "2.0", {"automem_tiny.py": LOUD})
    environ = {**os.environ, "PIP_FIND_LINKS": str(wheels), "AUTOMEM_HOME": str(tmp_path / "home")}
    return Bench(tmp_path, environ, [])


@pytest.fixture
def bare() -> Interpreter:
    """An interpreter with nothing in it, which is quick to make."""
    return Interpreter(python=HERE, packages=())


@pytest.fixture
def tiny() -> Interpreter:
    """An interpreter with one small package."""
    return Interpreter(
        python=HERE,
        requirements=("automem-tiny==1.0",),
        packages=(),
        options=("--no-index",),
        steps=(("-m", "automem_tiny", "one"),),
    )
