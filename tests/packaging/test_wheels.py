"""Every package is built, and installed alone into an empty environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPORT_NAMES = {
    "automem-core": "automem",
    "automem-envs": "automem_envs",
    "automem-backends": "automem_backends",
    "automem-meta": "automem_meta",
    "automem-train": "automem_train",
    "automem-hanoi": "automem_hanoi",
    "automem-tiny": "automem_tiny",
}
SIBLINGS = sorted(set(IMPORT_NAMES) - {"automem-core"})
ENTRY_POINTS = {
    "automem-core": "core",
    "automem-envs": "envs",
    "automem-backends": "backends",
    "automem-meta": "meta",
    "automem-train": "train",
    "automem-hanoi": "hanoi",
    "automem-tiny": "tiny",
}


def uv(*arguments: str | Path, cwd: Path) -> None:
    program = os.environ.get("UV") or shutil.which("uv")
    assert program, "uv is not on the PATH"
    # Nothing of the environment the tests run in may be found by the new ones.
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT"}
    }
    done = subprocess.run(
        [program, *map(str, arguments)], cwd=cwd, env=kept, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def resolved_as_of() -> str:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["uv"]["exclude-newer"]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Distribution name -> wheel."""
    folder = tmp_path_factory.mktemp("wheels")
    uv("build", "--quiet", "--all-packages", "--wheel", "--out-dir", folder, cwd=ROOT)
    return {path.name.split("-")[0].replace("_", "-"): path for path in folder.glob("*.whl")}


def contents(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_there_is_a_wheel_for_every_package(wheels: dict[str, Path]) -> None:
    assert sorted(wheels) == sorted(IMPORT_NAMES)


@pytest.mark.parametrize("name", sorted(set(IMPORT_NAMES) - {"automem-hanoi"}))
def test_a_wheel_holds_its_licence_and_says_that_it_is_typed(
    wheels: dict[str, Path], name: str
) -> None:
    names = contents(wheels[name])
    licence = next(path for path in names if path.endswith(".dist-info/licenses/LICENSE"))
    with zipfile.ZipFile(wheels[name]) as archive:
        assert "Apache License" in archive.read(licence).decode("utf-8")
    assert f"{IMPORT_NAMES[name]}/py.typed" in names


@pytest.mark.parametrize("name", sorted(set(IMPORT_NAMES) - {"automem-hanoi"}))
def test_a_wheel_holds_every_file_of_its_package(wheels: dict[str, Path], name: str) -> None:
    source = next(ROOT.glob(f"p*/{name}/src"))
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--", "."],
        cwd=source,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    present = [path for path in tracked if path and (source / path).exists()]
    assert present
    assert set(present) - set(contents(wheels[name])) == set()


def new_environment(folder: Path, *installed: str | Path) -> Path:
    """The `bin` of an environment that holds what is given and its dependencies."""
    uv("venv", "--quiet", "--no-project", "--python", sys.executable, folder / "venv", cwd=folder)
    # Paths, not names: a stranger's package of the same name on an index is never taken.
    uv(
        *(
            "pip",
            "install",
            "--quiet",
            "--no-config",
            "--python",
            folder / "venv" / "bin" / "python",
        ),
        *("--exclude-newer", resolved_as_of()),
        *installed,
        cwd=folder,
    )
    return folder / "venv" / "bin"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["automem-core", *SIBLINGS])
def test_a_wheel_installed_alone_imports_and_is_listed(
    wheels: dict[str, Path], name: str, tmp_path: Path
) -> None:
    programs = new_environment(tmp_path, *{wheels["automem-core"], wheels[name]})
    run(programs / "python", "-W", "error", "-c", f"import {IMPORT_NAMES[name]}", cwd=tmp_path)

    listed = json.loads(run(programs / "automem", "plugins", "--json", cwd=tmp_path))
    plugins = {plugin["name"]: plugin for plugin in listed}
    assert set(plugins) == {"core", ENTRY_POINTS[name]}
    assert plugins[ENTRY_POINTS[name]]["error"] is None


def test_the_demo_plays_from_installed_wheels(wheels: dict[str, Path], tmp_path: Path) -> None:
    programs = new_environment(
        tmp_path,
        wheels["automem-core"],
        wheels["automem-backends"],
        wheels["automem-tiny"],
        f"{wheels['automem-envs']}[crafter]",
    )
    for player, name in (("tiny", "demo"), ("rules", "demo-rules")):
        arguments = ("--player", player, "--seeds", "1", "--steps", "3")
        run(programs / "automem", "demo", *arguments, cwd=tmp_path)
        assert len(list((tmp_path / "runs" / name).glob("evaluations/*/evaluation.json"))) == 2
