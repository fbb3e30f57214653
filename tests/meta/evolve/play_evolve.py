"""Runs loop 1 on the toy game over HTTP: `python play_evolve.py FOLDER URL`, to be killed."""

import io
import sys
from importlib import metadata
from pathlib import Path

import anyio

from automem.files import write_text
from automem.loops.watching import Watching
from automem.plugins import load_plugins
from automem.run.config import parse_config, render_config
from automem.testing.scripted_meta import scripted_meta_entry_point
from automem.testing.toy import toy_entry_point
from automem_meta.evolve.opening import open_config
from automem_meta.evolve.working import Task, do


def play(folder: Path, url: str) -> None:
    """Begin the loop of `folder/evolve.toml`, or go on with it."""
    found = metadata.entry_points(group="automem")
    plugins = load_plugins(entry_points=[*found, toy_entry_point(), scripted_meta_entry_point()])
    overrides = (
        "roles.default.backend=openai-compatible",
        "roles.default.model=toy",
        f"roles.default.base_url={url}",
    )
    text = (folder / "evolve.toml").read_text(encoding="utf-8")
    opened = open_config(parse_config(text, overrides), plugins)
    write_text(opened.run.config, render_config(opened.config))
    anyio.run(do, opened, Task(with_report=True), Watching("plain", io.StringIO()))


if __name__ == "__main__":
    play(Path(sys.argv[1]), sys.argv[2])
