"""Where the program of an engine is found."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from automem.errors import PluginError
from automem.plugins import load_plugins
from automem.records.setup import Interpreter, Made
from automem.setups.make import find_setup
from automem.setups.place import Place, place_of, write_record
from automem_backends.engines.options import EngineOptions
from automem_backends.engines.program import find_program
from automem_backends.sglang.engine import SGLANG
from automem_backends.vllm.engine import VLLM

NOTHING = EngineOptions()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Where the interpreter of vLLM would be; nothing is made."""
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path))
    return place_of("vllm", Interpreter())


def test_an_interpreter_that_was_made_for_it_comes_first(place: Place) -> None:
    place.python.parent.mkdir(parents=True)
    with pytest.raises(PluginError, match="cannot be used; run: automem setup vllm"):
        find_program(VLLM, NOTHING)
    place.python.touch()
    write_record(place.folder, Made(name="vllm", setup=Interpreter(packages=()), made_at="now"))
    found = find_program(replace(VLLM, package="json"), NOTHING)
    assert found.argv == (str(place.python), "-I", "-m", "vllm.entrypoints.cli.main")
    assert found.variables["PATH"].split(os.pathsep)[0] == str(place.python.parent)
    assert found.variables["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True"


def test_an_engine_that_is_installed_here_is_called_here(place: Place) -> None:
    assert not place.folder.exists()
    found = find_program(replace(SGLANG, package="json"), NOTHING)
    assert found.argv == (sys.executable, "-I", "-m", "sglang.launch_server")


def test_a_program_that_is_named_comes_before_all(place: Place) -> None:
    given = EngineOptions(program=("podman", "run"), variables=("HOME",))
    found = find_program(VLLM, given, {"HOME": str(place.root)})
    assert found.argv == ("podman", "run")
    assert found.variables["HOME"] == str(place.root)


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_both_engines_can_be_set_up(name: str) -> None:
    setup = find_setup(name, load_plugins())
    assert isinstance(setup.made_from, Interpreter)
    assert setup.made_from.requirements[0].startswith(f"{name}>=")
    # It is spoken to over HTTP, so nothing of ours can make it outdated.
    assert setup.packages() == ()
