"""Texts of a review that come from Markdown files: instructions and briefs, with values in them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from automem.records.review import ReviewBudget


def filled(package: str, name: str, **values: object) -> str:
    """`prompts/<name>.md` of a package, with these values."""
    text = files(package).joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
    environment = Environment(  # noqa: S701 - plain text, no page
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text).render(**values).rstrip() + "\n"


def below_headings(text: str) -> str:
    """The text with its headings two levels lower, so that they stay below ours."""
    return "\n".join(
        [f"##{line}" if line.startswith("#") else line for line in text.splitlines()]
    ).strip()


def budget_text(budget: ReviewBudget) -> str:
    """The limits in words."""
    return ", ".join(_limits(budget)) or "no limit"


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
