"""What a review begins with: the instructions of every review, and the brief of this one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from automem.records.review import ReviewBudget
from automem.review.measuring import evaluation_measures, measures_text
from automem.review.reference import guide, reference
from automem.review.tools.playing import EpisodesArguments, show_episodes
from automem.review.view import scaffold_folder
from automem.review.workplace import Workplace
from automem.scaffold.load import load_scaffold
from automem.scaffold.overview import overview


def instructions(budget: ReviewBudget, *, memory_only: bool) -> str:
    """The system prompt: the method and its constraints, and what a scaffold may express."""
    return _filled(
        "instructions",
        budget=", ".join(_limits(budget)) or "no limit",
        memory_only=memory_only,
        guide=_below_headings(guide()),
        reference=_below_headings(reference()),
    )


async def brief(place: Workplace) -> str:
    """The first message. Raises ScaffoldError and TraceError where a run's files are damaged."""
    incumbent = load_scaffold(scaffold_folder(place.run, place.task.incumbent))
    tried = [name for name in place.library.named("tried/") if name.endswith(".md")]
    columns = {one.letter: evaluation_measures(one) for one in place.view.evaluations}
    return _filled(
        "brief",
        task=place.task,
        overview=_without_path(overview(incumbent), str(incumbent.folder)),
        episodes=await show_episodes(place, EpisodesArguments()),
        measures=measures_text(columns).partition("\n\n")[0],
        tried=tried,
    )


def _filled(name: str, **values: object) -> str:
    text = files("automem.review").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
    environment = Environment(  # noqa: S701 - plain text, no page
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text).render(**values).rstrip() + "\n"


def _below_headings(text: str) -> str:
    """The text with its headings two levels lower, so that they stay below ours."""
    return "\n".join(
        [f"##{line}" if line.startswith("#") else line for line in text.splitlines()]
    ).strip()


def _without_path(text: str, folder: str) -> str:
    return text.replace(f" in {folder}", "")


def _limits(budget: ReviewBudget) -> Iterator[str]:
    if budget.turns is not None:
        yield f"{budget.turns} turns"
    if budget.tool_calls is not None:
        yield f"{budget.tool_calls} tool calls"
    if budget.tokens is not None:
        yield f"{budget.tokens:,} tokens"
    if budget.cost is not None:
        yield f"${budget.cost:g}"
    if budget.seconds is not None:
        yield f"{budget.seconds / 60:.0f} minutes of answers and tools"
