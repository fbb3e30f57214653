"""A toy run that was played once, and reviews of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.plugins import Plugins, load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.model import Usage
from automem.records.result import Evaluation
from automem.records.review import MetaTurn, ReviewBudget, ReviewTask, ToolAnswer, ToolCall
from automem.review.desk import Desk, open_review
from automem.run.layout import RunFolder, run_folder
from automem.testing.toy import toy_entry_point

RUN = """
[run]
name = "toy"

[environment]
name = "toy"
tasks = ["default"]

[scaffold]
from = "toy"

[seeds]
search = [1, 2]
train = [50, 51]
report = [90]
"""


def turn(*calls: ToolCall, tokens: int = 100, **more: Any) -> MetaTurn:
    """A turn of the meta-LLM that costs something."""
    usage = Usage(input_tokens=tokens, output_tokens=0)
    return MetaTurn(calls=calls, usage=usage, cost=more.pop("cost", 0.01), **more)


@dataclass
class Reviews:
    """Opens reviews of a played run."""

    run: RunFolder
    evaluation: Evaluation
    plugins: Plugins
    task: ReviewTask = field(init=False)

    def __post_init__(self) -> None:
        self.task = ReviewTask(
            incumbent=self.evaluation.scaffold, evaluations=(self.evaluation.key,)
        )

    def folder(self, number: int = 1) -> Path:
        """The folder of a review of the first revision."""
        return self.run.review(1, number)

    @asynccontextmanager
    async def open(
        self,
        task: ReviewTask | None = None,
        budget: ReviewBudget | None = None,
        *,
        number: int = 1,
        **more: Any,
    ) -> AsyncGenerator[Desk]:
        """One sitting."""
        async with open_review(
            self.folder(number),
            task or self.task,
            budget or ReviewBudget(),
            run=self.run,
            plugins=self.plugins,
            provider="scripted",
            model="none",
            **more,
        ) as desk:
            yield desk


async def use(desk: Desk, name: str, **arguments: Any) -> ToolAnswer:
    """Call a tool."""
    return await desk.call(ToolCall(id="1", name=name, arguments=arguments))


async def text_of(desk: Desk, name: str, **arguments: Any) -> str:
    """What a tool answers, which is no refusal."""
    answer = await use(desk, name, **arguments)
    assert not answer.failed, answer.text
    return answer.text


async def refusal_of(desk: Desk, name: str, **arguments: Any) -> str:
    """Why a tool refuses."""
    answer = await use(desk, name, **arguments)
    assert answer.failed, answer.text
    return answer.text


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture(scope="session")
def played(
    plugins: Plugins, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunFolder, Evaluation]:
    """Seeds 1 and 2 of the toy game; not to be changed."""
    config = RunConfig(
        run=RunSection(name="toy", folder=str(tmp_path_factory.mktemp("runs"))),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source="toy"),
        roles={"default": RoleSection(backend="toy-player")},
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )
    run = run_folder(config.run.folder, config.run.name)
    evaluation = anyio.run(lambda: evaluate(config, plugins, run, progress=Progress()))
    run.config.write_text(RUN, encoding="utf-8")
    return run, evaluation


@pytest.fixture
def reviews(played: tuple[RunFolder, Evaluation], plugins: Plugins, tmp_path: Path) -> Reviews:
    """Reviews of a copy of the played run."""
    run, evaluation = played
    shutil.copytree(run.path, tmp_path / "toy")
    return Reviews(RunFolder(tmp_path / "toy"), evaluation, plugins)
