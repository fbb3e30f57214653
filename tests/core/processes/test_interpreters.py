"""Workers run in the interpreter that an environment asks for, or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

import automem
from automem.errors import ConfigError, PluginError
from automem.processes.interpreters import interpreter_of, worker_argv
from automem.processes.pool import open_pool
from automem.records.setup import Interpreter, Made, Package
from automem.setups.make import Setup, make
from automem.setups.place import place_of, write_record
from automem.spec import EnvironmentSpec, Spec

OPTIONS = """
from typing import ClassVar, Literal
import msgspec

class Options(msgspec.Struct):
    interpreters: ClassVar[dict[str, str]] = {"old": "museum"}
    engine: Literal["new", "old"] = "new"

class Plain(msgspec.Struct):
    speed: int = 1
"""
GAME = """
import os
import sys
from automem import EnvironmentInfo, Observation, StepResult

class Game:
    def __init__(self, task, options):
        self.info = EnvironmentInfo(name="museum", task=task, versions={"game": "0.3"})

    def reset(self, seed):
        return Observation(text=sys.prefix, status=os.environ.get("SOME_API_KEY", "unset"))

    def close(self):
        pass
"""
SPEC = EnvironmentSpec(
    name="museum",
    make="automem_museum:Game",
    summary="",
    config="automem_museum_options:Options",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This user's home of AutoMem; the options can be imported here, the game cannot."""
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    here = tmp_path / "here"
    here.mkdir()
    (here / "automem_museum_options.py").write_text(OPTIONS, encoding="utf-8")
    monkeypatch.syspath_prepend(here)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.delitem(sys.modules, "automem_museum_options", raising=False)
    return tmp_path / "home"


@pytest.fixture
def museum(home: Path) -> Path:
    """An interpreter that has the game, and borrows everything else from this one."""
    made_from = Interpreter(
        python=f"{sys.version_info.major}.{sys.version_info.minor}", packages=()
    )
    spec = Spec(name="museum", make="nobody:asks", summary="")
    place = place_of("museum", made_from)
    make(Setup(spec=spec, made_from=made_from, place=place), [].append)
    (site,) = place.folder.glob("lib/python*/site-packages")
    borrowed = {str(Path(msgspec.__file__).parents[1]), str(Path(automem.__file__).parents[1])}
    (site / "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed), encoding="utf-8")
    (site / "automem_museum.py").write_text(GAME, encoding="utf-8")
    (site / "automem_museum_options.py").write_text(OPTIONS, encoding="utf-8")
    return place.folder


@pytest.mark.anyio
async def test_a_game_is_played_in_the_interpreter_of_its_engine(
    museum: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hidden")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "for-the-host"))
    async with (
        open_pool(SPEC, {"engine": "old"}, logs=tmp_path) as pool,
        pool.session("default") as session,
    ):
        shown = await session.reset(1)
        assert Path(shown.text) == museum
        assert shown.status == "unset"
        assert session.info.versions == {"game": "0.3", "interpreter": "museum"}


def test_the_options_or_the_spec_say_which_interpreter_it_is(home: Path) -> None:
    assert interpreter_of(SPEC, {}) is None
    assert interpreter_of(SPEC, {"engine": "new"}) is None
    assert interpreter_of(SPEC, {"engine": "old"}) == "museum"
    always = msgspec.structs.replace(SPEC, interpreter="other", config="not_here:Options")
    assert interpreter_of(always, {"engine": "old"}) == "other"
    plain = msgspec.structs.replace(SPEC, config="automem_museum_options:Plain")
    assert interpreter_of(plain, {"speed": 2}) is None
    with pytest.raises(ConfigError, match=r"environment\.engine"):
        interpreter_of(SPEC, {"engine": "broken"})


def test_without_a_name_a_worker_runs_in_this_python() -> None:
    assert worker_argv(None, 7) == (sys.executable, "-m", "automem.processes.worker", "7")


@pytest.mark.anyio
async def test_an_interpreter_that_is_not_made_is_asked_for(home: Path, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="'museum', which is not made; run: automem setup museum"):
        async with open_pool(SPEC, {"engine": "old"}, logs=tmp_path):
            raise AssertionError


def test_an_outdated_interpreter_is_refused(museum: Path) -> None:
    before = Package(name="automem-core", version="0.0.1")
    made = Made(name="museum", setup=Interpreter(), packages=(before,), made_at="")
    write_record(museum, made)
    with pytest.raises(PluginError, match=r"outdated: automem-core .* run: automem setup museum"):
        worker_argv("museum", 1)


def test_a_damaged_interpreter_is_refused(museum: Path) -> None:
    (museum / "setup.json").unlink()
    with pytest.raises(PluginError, match="cannot be used; run: automem setup museum"):
        worker_argv("museum", 1)
