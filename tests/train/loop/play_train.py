"""Runs loop 2 on the toy game: `python play_train.py FOLDER`, to be killed."""

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
from automem.testing.toy_learner import toy_learner_entry_point
from automem.testing.trainer import trainer_entry_point
from automem_train.loop.opening import open_config
from automem_train.loop.working import do


def play(folder: Path) -> None:
    """Begin the loop of `folder/train.toml`, or go on with it."""
    plugins = load_plugins(
        entry_points=[
            *metadata.entry_points(group="automem"),
            toy_entry_point(),
            toy_learner_entry_point(),
            scripted_meta_entry_point(),
            trainer_entry_point(),
        ]
    )
    text = (folder / "train.toml").read_text(encoding="utf-8")
    opened = open_config(parse_config(text), plugins)
    write_text(opened.run.config, render_config(opened.config))
    anyio.run(do, opened, Watching("plain", io.StringIO()))


if __name__ == "__main__":
    play(Path(sys.argv[1]))
