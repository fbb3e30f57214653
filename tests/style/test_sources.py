"""How every source file has to read, as far as a machine can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIBLINGS = ("automem_envs", "automem_backends", "automem_meta", "automem_train")
MOST_LINES = 400
# Put together here, so that this file does not name them either.
REGISTRY_HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("python" + "hosted", "org"))]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users|opt)/\w+")


def tracked(*folders: str, suffix: str = ".py") -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        found += [
            path for path in (ROOT / folder).rglob(f"*{suffix}") if "__pycache__" not in path.parts
        ]
    return sorted(found)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


SOURCES = [path for path in tracked("packages", "plugins") if "tests" not in path.parts]
CODE = SOURCES + tracked("tests", "benchmarks")


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in SOURCES:
        yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_there_are_sources_to_look_at() -> None:
    assert len(SOURCES) > 20


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_module_starts_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, "say in one sentence what the module is for"
    first = docstring.split("\n\n")[0]
    assert first.rstrip().endswith((".", ":")), f"not a sentence: {first!r}"
    assert re.search(r"[A-Za-z]{3}", first), f"not a sentence: {first!r}"


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {shown(path): path.read_bytes().count(b"\n") for path in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_nothing_prints() -> None:
    printing = [
        f"{shown(path)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_a_package_imports_automem_and_never_a_sibling() -> None:
    wrong: list[str] = []
    for path, tree in trees():
        own = next((part for part in path.parts if part in SIBLINGS), None)
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            wrong += [
                f"{shown(path)}:{getattr(node, 'lineno', 0)} imports {name}"
                for name in names
                if name.split(".")[0] in SIBLINGS and name.split(".")[0] != own
            ]
    assert wrong == []


def test_every_package_has_a_marker_that_it_is_typed() -> None:
    packages = [path.parent for path in (ROOT / "packages").glob("*/src/*/__init__.py")]
    assert len(packages) == 5
    assert [shown(path) for path in packages if not (path / "py.typed").exists()] == []


def every_text() -> list[Path]:
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != "uv.lock"]
    found = [path for path in found if not path.name.startswith(".coverage")]
    found += [path for path in (ROOT / ".ci").iterdir() if path.is_file()]
    folders = ("packages", "plugins", "tests", "docs", "configs", "benchmarks")
    for suffix in (".py", ".md", ".toml"):
        found += tracked(*folders, suffix=suffix)
    return found


def test_no_file_names_the_host_of_a_package_registry() -> None:
    naming = [
        shown(path)
        for path in every_text()
        for host in REGISTRY_HOSTS
        if host in path.read_text(encoding="utf-8", errors="replace").lower()
    ]
    assert naming == []


def test_no_file_bears_a_path_of_somebodys_machine() -> None:
    bearing = [
        f"{shown(path)}: {found.group()}"
        for path in every_text()
        for found in MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert bearing == []
