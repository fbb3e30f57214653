"""`automem plugins`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automem.cli.app import automem
from automem.cli.errors import DONE, run_command


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed plugin that cannot be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_plugin.py").write_text("raise OSError('[red] tape')\n", encoding="utf-8")
    info = tmp_path / "broken-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: broken\nVersion: 2.0\n", encoding="utf-8")
    points = "[automem]\nbroken = broken_plugin\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")


def test_plugins_are_listed_with_what_they_offer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(automem, ["plugins"]) == DONE
    said = capsys.readouterr().err
    assert "hanoi (automem-hanoi 0.1.0)" in said
    assert "  environments: hanoi - Towers of Hanoi" in said
    assert " ms" not in said


def test_the_time_to_import_is_shown_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(automem, ["plugins", "--time"]) == DONE
    assert "imported in " in capsys.readouterr().err


def test_a_broken_plugin_is_listed_in_red_with_its_error(
    broken: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert run_command(automem, ["plugins"]) == DONE
    said = capsys.readouterr().err
    assert "broken (broken 2.0)" in said
    assert "\x1b[31m  import of 'broken_plugin' failed: OSError: [red] tape" in said
    assert "  environments: hanoi - Towers of Hanoi" in said


def test_plugins_are_listed_as_json(broken: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(automem, ["plugins", "--json"]) == DONE
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["broken"]["error"].endswith("[red] tape")
    (hanoi,) = listed["hanoi"]["specs"]["automem_environments"]
    assert hanoi["tasks"] == ["3-disks", "4-disks"]


def test_a_plugin_can_be_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_DISABLE_PLUGINS", "all")
    assert run_command(automem, ["plugins"]) == DONE
    assert "hanoi" not in capsys.readouterr().err
