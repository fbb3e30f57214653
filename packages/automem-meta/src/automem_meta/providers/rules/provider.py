"""Sits at the desk as any model does: looks, decides by rule, writes, checks, finishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from automem.models.cost import FREE, Price
from automem.protocols import ReviewDesk
from automem.records._struct import Record
from automem_meta.providers.rules.clerk import Clerk, recorded
from automem_meta.providers.rules.editing import edit_scaffold
from automem_meta.providers.rules.proposal import Proposal
from automem_meta.providers.rules.recipes.writing import write_recipe

OF_RECIPES = "select"
"""The tool by which a recipe's desk is told from a scaffold's."""


class RulesOptions(Record):
    """`[evolve.options]` or `[train.options]` of `rules`."""

    skip: tuple[str, ...] = ()
    """Edits that are never proposed, by name or by the beginning of it, such as `remove-`."""
    least_weight: float = 0.03
    """What weighs less is not proposed."""
    configurations: Annotated[int, Meta(ge=1, le=5)] = 2
    """Points of the grid that one recipe tries, where so many are allowed."""


@dataclass(slots=True)
class RulesProvider:
    """A provider that asks nobody: free, offline, and the same for the same traces."""

    options: RulesOptions = field(default_factory=RulesOptions)
    price: Price = FREE

    async def review(self, desk: ReviewDesk) -> None:
        """Make one edit of a scaffold, or write one recipe; saying that none is left ends it.

        What an interrupted review has asked is not asked again: its answers are in the
        transcript, and its budget is not spent twice.
        """
        if desk.finished:
            return
        clerk = Clerk(desk, recorded(desk.events))
        if any(tool.name == OF_RECIPES for tool in desk.tools):
            await write_recipe(clerk, self.options.configurations)
        else:
            await edit_scaffold(clerk, self._wanted)

    async def aclose(self) -> None:
        """Nothing is held."""

    def _wanted(self, proposal: Proposal) -> bool:
        skipped = any(proposal.name.startswith(name) for name in self.options.skip)
        return proposal.weight >= self.options.least_weight and not skipped


def make_provider(model: str | None, options: RulesOptions | None) -> RulesProvider:
    """The provider; it has no model."""
    del model
    return RulesProvider(options or RulesOptions())
