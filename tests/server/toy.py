"""The toy game, a few steps of it, with one engine for both roles."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

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
from automem.records.result import Evaluation
from automem.run.layout import run_folder
from automem.testing.toy import toy_entry_point


async def play_toy(folder: Path, role: RoleSection, adapter: str) -> Evaluation:
    """Two episodes of four steps; the memory role has the adapter."""
    config = RunConfig(
        run=RunSection(name="toy", folder=str(folder)),
        environment=EnvironmentSection(name="toy", tasks=("default",), max_steps=4),
        scaffold=ScaffoldSection(source="toy"),
        roles={"default": role, "memory": RoleSection(adapter=adapter)},
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )
    found = metadata.entry_points(group="automem")
    plugins = load_plugins(entry_points=[*found, toy_entry_point()])
    return await evaluate(config, plugins, run_folder(str(folder), "toy"), progress=Progress())
