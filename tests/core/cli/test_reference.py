"""The reference of the command line in the docs is what the help texts say."""

import runpy
import sys
from pathlib import Path

import pytest

from automem.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def test_the_page_in_the_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m automem.cli.reference > docs/reference/cli.md"
    )


def test_the_module_prints_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "automem.cli.reference")
    runpy.run_module("automem.cli.reference", run_name="__main__")
    assert capsys.readouterr().out == reference()
