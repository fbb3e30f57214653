"""The plugin tutorial, done as it is written: its files, its installation, its commands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guide" / "write-a-plugin.md"
MARKED = re.compile(r"^<!-- (write: \S+|run) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tutorial_ends_in_a_game_that_was_played(tmp_path: Path) -> None:
    texts = MARKED.findall(PAGE.read_text(encoding="utf-8"))
    for mark, text in texts:
        if mark != "run":
            path = tmp_path / mark.removeprefix("write: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    # Installed beside this environment rather than into it, which the other tests are using.
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--target", "site", "./hanoi-player"],
        cwd=tmp_path,
        check=True,
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    said = ""
    commands = [line for mark, text in texts if mark == "run" for line in text.split("\n") if line]
    assert commands
    for command in commands:
        program, *arguments = shlex.split(command.removeprefix("uv run "))
        done = subprocess.run(
            [Path(sys.executable).parent / program, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said += done.stdout + done.stderr
    assert "100.0" in said, "no game was solved"
