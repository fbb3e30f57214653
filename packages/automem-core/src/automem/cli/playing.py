"""Playing evaluations from a command: the run held, its status kept, progress shown, all logged."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

import anyio

from automem.cli.invocation import Invocation
from automem.cli.output import stderr_console
from automem.evaluate.progress import Progress, settle
from automem.files import write_text
from automem.logging import logging_to
from automem.loops.watching import Watching
from automem.plugins import Plugins
from automem.records.config import RunConfig
from automem.records.result import Evaluation
from automem.run.config import render_config, runnable_anywhere
from automem.run.layout import RunFolder
from automem.run.status import working_on
from automem.ui.display import Mode, choose_mode, display

_T = TypeVar("_T")


class Evaluate(Protocol):
    """What plays one evaluation: `automem.evaluate.evaluator.evaluate`."""

    async def __call__(
        self, config: RunConfig, plugins: Plugins, run: RunFolder, /, *, progress: Progress
    ) -> Evaluation:
        """Play what is not played yet and sum up."""
        ...


def play(
    configs: Sequence[RunConfig],
    plugins: Plugins,
    run: RunFolder,
    invocation: Invocation,
    *,
    mode: Mode | None,
    title: str,
    evaluate: Evaluate,
    expected: Callable[[RunConfig], Progress] | None = None,
) -> list[Evaluation]:
    """Play the evaluation of each configuration in turn, in one run that nobody else may touch.

    The first configuration becomes the run's `run.toml`. `expected` fills in what an evaluation
    will be before its turn comes, so that the time left covers all of them. Raises what `evaluate`
    raises, and RunError where another process plays the run.
    """
    terminal = sys.stderr.isatty() and not stderr_console().is_dumb_terminal
    shown = choose_mode(mode, terminal=terminal)
    progresses = [expected(config) if expected else Progress() for config in configs]

    async def work() -> list[Evaluation]:
        evaluations: list[Evaluation] = []
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(working_on(run, invocation.arguments))
            write_text(run.config, render_config(runnable_anywhere(configs[0])))
            await stack.enter_async_context(
                display(shown, progresses, title=title, stream=sys.stderr)
            )
            for config, progress in zip(configs, progresses, strict=True):
                evaluations.append(await evaluate(config, plugins, run, progress=progress))
                settle(progress, evaluations[-1])
        return evaluations

    invocation.log = run.log
    with logging_to(run.log, verbose=invocation.verbose):
        return anyio.run(work)


def work_on(
    config: RunConfig,
    run: RunFolder,
    invocation: Invocation,
    body: Callable[[Watching], Awaitable[_T]],
    *,
    mode: Mode | None,
) -> _T:
    """Do the work of a loop in a run that nobody else may touch meanwhile; all of it is logged.

    Raises what the body raises, and RunError where another process works on the run.
    """
    terminal = sys.stderr.isatty() and not stderr_console().is_dumb_terminal
    watching = Watching(choose_mode(mode, terminal=terminal), sys.stderr)
    invocation.log = run.log

    async def held() -> _T:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(working_on(run, invocation.arguments))
            write_text(run.config, render_config(runnable_anywhere(config)))
            return await body(watching)

    with logging_to(run.log, verbose=invocation.verbose):
        return anyio.run(held)
