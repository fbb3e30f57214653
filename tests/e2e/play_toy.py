"""Plays the toy game: `python play_toy.py FOLDER BASE_URL SCAFFOLD`, to be killed by a test."""

import sys
from importlib import metadata

import anyio

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.run.layout import RunFolder, run_folder
from automem.testing.toy import toy_entry_point


def config(folder: str, url: str, scaffold: str) -> RunConfig:
    """Two tasks by two seeds of the toy game, over HTTP."""
    return RunConfig(
        run=RunSection(name="toy", folder=folder),
        environment=EnvironmentSection(name="toy"),
        scaffold=ScaffoldSection(source=scaffold),
        roles={
            "default": RoleSection(
                backend="openai-compatible", model="toy", options={"base_url": url}
            )
        },
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )


def run_of(settings: RunConfig) -> RunFolder:
    """The run's folder."""
    return run_folder(settings.run.folder, settings.run.name)


async def play(settings: RunConfig) -> None:
    """Begin the evaluation, or go on with it."""
    found = metadata.entry_points(group="automem")
    plugins = load_plugins(entry_points=[*found, toy_entry_point()])
    await evaluate(settings, plugins, run_of(settings), progress=Progress())


if __name__ == "__main__":
    anyio.run(play, config(*sys.argv[1:]))
