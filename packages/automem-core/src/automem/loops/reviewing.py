"""One review: the desk opened, the meta-LLM asked, the run's own limits kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from automem.errors import MetaError
from automem.loops.purse import Purse
from automem.loops.section import LoopSection
from automem.models.cost import Price, Priced
from automem.plugins import Plugins
from automem.protocols import MetaProvider, ReviewDesk
from automem.records.review import (
    AnyReviewEvent,
    MetaTurn,
    ReviewBudget,
    ReviewOutcome,
    ReviewTask,
    ToolAnswer,
    ToolCall,
    ToolSpec,
)
from automem.review.budget import require_review_price
from automem.review.desk import FINISH, Desk, open_review
from automem.review.form import Form
from automem.review.scaffolds.form import SCAFFOLD
from automem.run.layout import RunFolder

ShowReview = Callable[[Desk, str], AbstractAsyncContextManager[None]]
"""Shows a review, under a title, while it lasts."""


@asynccontextmanager
async def unseen_review(desk: Desk, title: str) -> AsyncGenerator[None]:
    """Shows nothing."""
    del desk, title
    yield


@dataclass(slots=True)
class PursedDesk:
    """A desk that also keeps the limits of the run: reaching one leaves the review open."""

    desk: Desk
    purse: Purse
    folder: Path

    @property
    def instructions(self) -> str:
        """The system prompt."""
        return self.desk.instructions

    @property
    def brief(self) -> str:
        """The first message."""
        return self.desk.brief

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What may be called."""
        return self.desk.tools

    @property
    def budget(self) -> ReviewBudget:
        """What the review may use, lowered to what the run has left when it was opened."""
        return self.desk.budget

    @property
    def events(self) -> Sequence[AnyReviewEvent]:
        """The transcript so far."""
        return self.desk.events

    @property
    def finished(self) -> bool:
        """Whether `finish` was accepted."""
        return self.desk.finished

    def allow(self) -> str:
        """What to tell the model of its budget. Raises LimitReached, also where the run's is."""
        self._check()
        return self.desk.allow()

    def said(self, turn: MetaTurn) -> None:
        """Write a turn down, and charge it."""
        self.desk.said(turn)

    def note(self, text: str) -> None:
        """Write down what the provider itself told the model."""
        self.desk.note(text)

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Use a tool; the end of a review costs nothing, and is always allowed."""
        if call.name != FINISH:
            self._check()
        return await self.desk.call(call)

    def _check(self) -> None:
        if self.desk.outcome is None:
            self.purse.left(self.folder, self.desk.spent)


@asynccontextmanager
async def open_provider(
    section: LoopSection, plugins: Plugins, budget: ReviewBudget
) -> AsyncGenerator[MetaProvider]:
    """The meta-LLM that the section names, for one review.

    Raises PluginError and ConfigError: a key that is missing, or a price that a limit on money
    needs, is told before anything is played for the review.
    """
    spec = plugins.get("meta_provider", section.provider)
    options = plugins.options(spec, section.options, path=f"{section.key}.options")
    provider: MetaProvider = plugins.load(spec)(section.model or None, options)
    try:
        require_review_price(budget, section.provider, section.model, _price(provider))
        yield provider
    finally:
        await provider.aclose()


def check_provider(section: LoopSection, plugins: Plugins) -> None:
    """Make the section's meta-LLM once, and end it: before a stage ahead of it is paid for.

    Raises PluginError and ConfigError, as `open_provider` does.
    """

    async def body() -> None:
        async with open_provider(section, plugins, section.review):
            pass

    anyio.run(body)


async def review(
    folder: Path,
    task: ReviewTask,
    section: LoopSection,
    *,
    provider: MetaProvider,
    run: RunFolder,
    plugins: Plugins,
    purse: Purse,
    title: str,
    form: Form = SCAFFOLD,
    show: ShowReview = unseen_review,
) -> ReviewOutcome:
    """Hold a review, go on with one that was interrupted, or read how it ended.

    Raises MetaError where the provider fails for good, LimitReached at a limit of the run, and
    ConfigError before anything is asked.
    """
    budget = purse.review_budget(section.review, folder)
    async with open_review(
        folder,
        task,
        budget,
        form=form,
        run=run,
        plugins=plugins,
        provider=section.provider,
        model=section.model,
        price=_price(provider),
    ) as desk:
        if desk.outcome is None:
            async with show(desk, title):
                at_desk: ReviewDesk = PursedDesk(desk, purse, folder)
                await provider.review(at_desk)
    if desk.outcome is None:
        raise MetaError(f"the review in {folder} was left open; run the same command to go on")
    return desk.outcome


def _price(provider: MetaProvider) -> Price | None:
    """The provider's own price, where it knows one."""
    return provider.price if isinstance(provider, Priced) else None
