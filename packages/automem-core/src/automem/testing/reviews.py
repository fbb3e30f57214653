"""Reviews of a played toy run: for whoever writes a tool or a provider and wants a real desk.

run, evaluation = await play_toys(folder, plugins)
reviews = Reviews(run, evaluation, plugins)
async with reviews.open() as desk:
await provider.review(desk)
assert desk.outcome is not None
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.files import write_text
from automem.models.cost import Price
from automem.plugins import Plugins
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
from automem.review.form import Form
from automem.review.scaffolds.form import SCAFFOLD
from automem.run.config import render_config
from automem.run.layout import RunFolder, run_folder


async def play_toys(folder: Path, plugins: Plugins) -> tuple[RunFolder, Evaluation]:
    """Play seeds 1 and 2 of the toy game as a run below `folder`."""
    config = RunConfig(
        run=RunSection(name="toy", folder=str(folder)),
        environment=EnvironmentSection(name="toy", tasks=("default",)),
        scaffold=ScaffoldSection(source="toy"),
        roles={"default": RoleSection(backend="toy-player")},
        seeds=SeedsSection(search=(1, 2), train=(50, 51), report=(90,)),
        evaluation=EvaluationSection(workers=1),
    )
    run = run_folder(config.run.folder, config.run.name)
    evaluation = await evaluate(config, plugins, run, progress=Progress())
    write_text(run.config, render_config(config))
    return run, evaluation


@dataclass(frozen=True, slots=True)
class Reviews:
    """Opens reviews of a played run; the provider's name is `scripted`."""

    run: RunFolder
    evaluation: Evaluation
    plugins: Plugins

    @property
    def task(self) -> ReviewTask:
        """To improve what was played."""
        return ReviewTask(incumbent=self.evaluation.scaffold, evaluations=(self.evaluation.key,))

    def folder(self, number: int = 1) -> Path:
        """The folder of a review of the first revision."""
        return self.run.review(1, number)

    def copy(self, folder: Path) -> Reviews:
        """The same run in another folder, without reviews."""
        shutil.copytree(self.run.path, folder, ignore=shutil.ignore_patterns("reviews"))
        return Reviews(RunFolder(folder), self.evaluation, self.plugins)

    @asynccontextmanager
    async def open(
        self,
        task: ReviewTask | None = None,
        budget: ReviewBudget | None = None,
        *,
        number: int = 1,
        price: Price | None = None,
        form: Form = SCAFFOLD,
    ) -> AsyncGenerator[Desk]:
        """One sitting at the desk of a review."""
        async with open_review(
            self.folder(number) if form is SCAFFOLD else self.run.recipe_review(number, 1),
            task or self.task,
            budget or ReviewBudget(),
            form=form,
            run=self.run,
            plugins=self.plugins,
            provider="scripted",
            model="none",
            price=price,
        ) as desk:
            yield desk


def turn(*calls: ToolCall, tokens: int = 100, cost: float | None = 0.01, **more: Any) -> MetaTurn:
    """A turn of the meta-LLM that costs something."""
    return MetaTurn(calls=calls, usage=Usage(input_tokens=tokens), cost=cost, **more)


async def use(desk: Desk, name: str, **arguments: Any) -> ToolAnswer:
    """Call a tool."""
    return await desk.call(ToolCall(id="1", name=name, arguments=arguments))


async def text_of(desk: Desk, name: str, **arguments: Any) -> str:
    """What a tool answers; AssertionError where it refuses."""
    answer = await use(desk, name, **arguments)
    if answer.failed:
        raise AssertionError(answer.text)
    return answer.text


async def refusal_of(desk: Desk, name: str, **arguments: Any) -> str:
    """Why a tool refuses; AssertionError where it does not."""
    answer = await use(desk, name, **arguments)
    if not answer.failed:
        raise AssertionError(answer.text)
    return answer.text
