"""`automem demo --pipeline`: the small model, reviews by rules, and a training of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from automem.loops.pipeline import FinalTable
from automem.processes.child import inherited

from .training.interpreters import peft_python

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """In short as it is, and with short episodes."""
    program = (sys.executable, "-c", "from automem.cli import main; main()")
    arguments = ("demo", "--pipeline", "--steps", "40", "--folder", str(folder), "--json")
    return subprocess.run(
        [*program, *arguments],
        capture_output=True,
        text=True,
        env=inherited(os.environ),
        check=False,
    )


def test_it_ends_with_a_table_a_page_and_plain_words_and_is_read_the_second_time(
    tmp_path: Path,
) -> None:
    peft_python()
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    table = msgspec.json.decode(done.stdout, type=FinalTable)
    assert table.rows[0].name == "crafter-tiny-v0" and len(table.seeds) == 6
    assert [loop.name for loop in table.loops] == ["evolve", "train"]
    assert "nothing about large models" in done.stderr
    assert (tmp_path / "demo-pipeline" / "report.html").exists()
    again = demo(tmp_path)
    assert (again.returncode, again.stdout) == (0, done.stdout)
