"""The reference of the command line in the docs is what the help texts say."""

import runpy
import subprocess
import sys
from pathlib import Path

import click
import pytest

from automem.cli.app import COMMANDS
from automem.cli.lazy import Lazy, LazyGroup
from automem.cli.reference import sections

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def test_the_page_in_the_docs_is_current() -> None:
    command = [sys.executable, "-m", "automem.cli.reference"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert PAGE.read_text(encoding="utf-8") == done.stdout, (
        "run: python -m automem.cli.reference > docs/reference/cli.md"
    )


def test_every_command_has_its_section(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "automem.cli.reference")
    runpy.run_module("automem.cli.reference", run_name="__main__")
    page = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n## automem {name}\n" in page
    assert "\n### automem runs compare\n" in page


def test_a_command_that_is_listed_and_missing_is_an_error() -> None:
    class Lying(LazyGroup):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return ["nothing"]

    lazy = {"other": Lazy("nowhere:nothing", "Another.")}
    group = Lying("group", lazy=lazy, strangers=dict)
    with pytest.raises(LookupError, match="the group lists 'nothing'"):
        list(sections(click.Context(group, info_name="group"), group))
