"""What a review of a scaffold begins with: the instructions of all of them, and the brief."""

from __future__ import annotations

from automem.records.review import ReviewBudget
from automem.review.filling import below_headings, budget_text, filled
from automem.review.measuring import evaluation_measures, measures_text
from automem.review.scaffolds.reference import guide, reference
from automem.review.tools.playing import EpisodesArguments, show_episodes
from automem.review.view import scaffold_folder
from automem.review.workplace import Workplace
from automem.scaffold.load import load_scaffold
from automem.scaffold.overview import overview

_HERE = "automem.review.scaffolds"


def instructions(budget: ReviewBudget, *, memory_only: bool) -> str:
    """The system prompt: the method and its constraints, and what a scaffold may express."""
    return filled(
        _HERE,
        "instructions",
        budget=budget_text(budget),
        memory_only=memory_only,
        guide=below_headings(guide()),
        reference=below_headings(reference()),
    )


async def brief(place: Workplace) -> str:
    """The first message. Raises ScaffoldError and TraceError where a run's files are damaged."""
    columns = {one.letter: evaluation_measures(one) for one in place.view.evaluations}
    return filled(
        _HERE,
        "brief",
        task=place.task,
        overview=incumbent_text(place),
        episodes=await show_episodes(place, EpisodesArguments()),
        measures=measures_text(columns).partition("\n\n")[0],
        tried=[name for name in place.library.named("tried/") if name.endswith(".md")],
    )


def incumbent_text(place: Workplace) -> str:
    """The scaffold that holds, in short. Raises ScaffoldError, RunError."""
    incumbent = load_scaffold(scaffold_folder(place.run, place.task.incumbent))
    return overview(incumbent).replace(f" in {incumbent.folder}", "")
