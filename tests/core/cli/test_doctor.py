"""`automem doctor`: what is there, what is missing, and that no key is shown."""

import json
import os
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from automem import BackendSpec, EnvironmentSpec, hookimpl
from automem.cli.checkup import (
    check_disk,
    check_environments,
    check_jail,
    check_keys,
    check_machine,
    check_plugins,
    check_python,
    check_uv,
    examine,
)
from automem.cli.small_model import check_small_model
from automem.errors import JailError
from automem.plugins import load_plugins
from automem.records.jail import JailReport

from .conftest import Automem


class Point(EntryPoint):
    """An entry point that cannot be imported, or offers a game that cannot."""

    def load(self) -> object:
        if self.value == "broken":
            raise ImportError("no such module")
        return Offering(self.value)


class Offering:
    def __init__(self, module: str) -> None:
        self.module = module

    @hookimpl
    def automem_environments(self) -> list[EnvironmentSpec]:
        make = f"{self.module}:Game"
        return [EnvironmentSpec(name="game", make=make, summary="A game.", extra="game[all]")]

    @hookimpl
    def automem_backends(self) -> list[BackendSpec]:
        return [
            BackendSpec(
                name="own",
                make="automem_no_such_player:Player",
                engine="automem_no_such_player:open_engine",
                model="pathlib:Path.cwd",
                summary="Comes with a model, and cannot be imported.",
            )
        ]


def plugins(*values: str):
    points = [Point(f"p{number}", value, "automem") for number, value in enumerate(values)]
    return load_plugins(entry_points=points, environ={})


def test_a_machine_that_can_play_is_told_the_next_command(call: Automem) -> None:
    done = call("doctor")
    assert done.code == 0
    assert "environment toy: Signs and doors" in done.err and "next: automem demo" in done.err
    checks = json.loads(call("doctor", "--json").out)
    names = {check["name"] for check in checks}
    assert {"python", "packages", "disk", "machine", "keys", "small model"} <= names


def test_a_broken_plugin_fails_the_check(
    call: Automem, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = folder / "site" / "automem_broken-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: automem-broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[automem]\nbroken = automem_broken_module\n")
    monkeypatch.syspath_prepend(folder / "site")  # pyright: ignore[reportUnknownMemberType]
    done = call("doctor")
    assert done.code == 1
    assert "MISSING  plugin broken: " in done.err and "automem_broken_module" in done.err


def test_games_that_cannot_be_imported_name_what_installs_them() -> None:
    game, nothing = check_environments(plugins("automem_no_such_game"))
    assert game.state == "note"
    assert nothing.state == "missing" and "none can be played" in nothing.text


def test_two_plugins_with_one_game_are_a_finding() -> None:
    both = plugins("one", "two")
    assert check_environments(both)[0].state == "missing"
    assert {check.state for check in check_plugins(both)} == {"missing"}


def test_a_broken_plugin_is_named_with_its_error() -> None:
    (check,) = check_plugins(plugins("broken"))
    assert check.name == "plugin p0" and "no such module" in check.text


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10), "missing"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "missing")],
)
def test_supported_pythons_are_known(version: tuple[int, int], state: str) -> None:
    assert check_python(version).state == state


def test_disk_and_uv() -> None:
    assert check_disk(5 * 1024**3).state == "ok"
    assert check_disk(1024).state == "missing"
    assert check_uv("/bin/uv").state == "ok"
    assert "pip install uv" in check_uv(None).text


def test_keys_are_named_and_never_shown() -> None:
    assert check_keys({"HOME": "/"}).state == "note"
    environ = {"OPENAI_API_KEY": "sk-abc", "HF_TOKEN": "hf-abc", "KEYBOARD": "us"}
    check = check_keys(environ)
    assert check.text == "set: HF_TOKEN, OPENAI_API_KEY"
    assert "abc" not in str(examine(plugins("os"), environ))


def test_gpus_are_named_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'NVIDIA H200'\n", encoding="utf-8")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    machine, gpus = check_machine()
    assert "cores" in machine.text and (gpus.state, gpus.text) == ("ok", "NVIDIA H200")
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setattr(os, "sysconf", _refuse, raising=False)
    assert "unknown memory" in check_machine()[0].text


def _refuse(_name: str) -> int:
    raise ValueError


def test_the_level_of_the_jail_is_told_and_what_keeps_it_from_more() -> None:
    async def proven() -> JailReport:
        return JailReport(
            level="seccomp",
            probes={"fork": True, "bpf": True},
            refused={"landlock": "the kernel has no Landlock"},
            python="3.11.7",
            kernel="5.4",
            architecture="x86_64",
            landlock=0,
        )

    check = check_jail(proven)
    assert check.state == "ok"
    assert check.text == (
        "level 'seccomp', 2 ways out tried, all closed; not 'landlock': the kernel has no Landlock"
    )


def test_a_machine_without_a_jail_is_told_what_to_do() -> None:
    async def refused() -> JailReport:
        raise JailError("no jail holds; install 'automem-core[monty]'")

    assert (check_jail(refused).state, "install" in check_jail(refused).text) == ("note", True)


def test_the_small_model_is_asked_and_said_to_be_what_it_is() -> None:
    check = check_small_model(load_plugins())
    assert check.state == "ok", check.text
    assert "cloned from rules" in check.text and "it answers here" in check.text
    assert "nothing about large models" in check.text


def test_a_small_model_that_is_not_installed_names_what_installs_it() -> None:
    check = check_small_model(load_plugins(blocked=["automem-tiny"]))
    assert check.state == "note" and "pip install automem-tiny" in check.text


def test_a_small_model_without_weights_or_that_does_not_run_is_worth_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    offering = plugins("one")
    assert check_small_model(offering, "own").text.startswith(f"no weights in {tmp_path}")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"")
    check = check_small_model(offering, "own")
    assert check.state == "note" and "does not run here: " in check.text
    assert "automem_no_such_player" in check.text
