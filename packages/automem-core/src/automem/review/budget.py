"""What a review has used, counted from its transcript, and how near that is to its budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from automem.errors import ConfigError
from automem.models.cost import Price, price_of
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    Noted,
    NoteKind,
    ReviewBudget,
    Said,
    Spent,
)

WARNED_FROM = 0.8
ENDING_FROM = 0.95


def spent(events: Iterable[AnyReviewEvent]) -> Spent:
    """What these events took. Time is that of turns and tools; waiting in between is free."""
    turns = calls = tokens = 0
    seconds = 0.0
    cost: float | None = 0.0
    for event in events:
        match event:
            case Said(turn=turn):
                turns += 1
                tokens += turn.usage.input_tokens + turn.usage.output_tokens
                seconds += turn.seconds
                cost = None if cost is None or turn.cost is None else cost + turn.cost
            case Answered():
                calls += 1
                seconds += event.seconds
            case _:
                pass
    return Spent(turns=turns, tool_calls=calls, tokens=tokens, cost=cost, seconds=seconds)


def used_up(budget: ReviewBudget, used: Spent) -> str | None:
    """What of the budget is spent, in a sentence; None where there is some left of everything."""
    if budget.cost is not None and used.cost is None:
        return "the review has a limit on money, and the price of a turn is not known"
    for share, text in _shares(budget, used):
        if share >= 1:
            return f"the review's budget is spent: {text}"
    return None


def warning(
    budget: ReviewBudget, used: Spent, events: Sequence[AnyReviewEvent]
) -> tuple[NoteKind, str] | None:
    """What the model is to be told of its budget now; None where it knows already."""
    share, text = max(_shares(budget, used), default=(0.0, ""))
    told = {event.kind for event in events if isinstance(event, Noted)}
    if share >= ENDING_FROM and "ending" not in told:
        return "ending", (
            f"Nearly all of this review's budget is used ({text}). Finish now: analysis.md and "
            "method.md must be there, `check` must pass, then call `finish`."
        )
    if share >= WARNED_FROM and not told & {"warning", "ending"}:
        return "warning", (
            f"Most of this review's budget is used ({text}). Come to an end: settle on the change "
            "that the evidence supports best, write it, and check it."
        )
    return None


def require_review_price(
    budget: ReviewBudget, provider: str, model: str, price: Price | None
) -> None:
    """Refuse to start under a limit on money that could not be watched. Raises ConfigError."""
    if budget.cost is not None and price is None and price_of(model or None, None) is None:
        raise ConfigError(
            f"the review has a limit on money, but the price of {provider} {model} is not known; "
            "set the provider's option `price = [input, cached input, output]` in US dollars per "
            "million tokens ([0, 0, 0] for an engine of your own), or remove the limit"
        )


def _shares(budget: ReviewBudget, used: Spent) -> Iterator[tuple[float, str]]:
    limited = (
        (used.turns, budget.turns, f"{used.turns} of {budget.turns} turns"),
        (used.tool_calls, budget.tool_calls, f"{used.tool_calls} of {budget.tool_calls} calls"),
        (used.tokens, budget.tokens, f"{used.tokens:,} of {budget.tokens or 0:,} tokens"),
        (used.cost, budget.cost, f"${used.cost or 0:.2f} of ${budget.cost or 0:.2f}"),
        (used.seconds, budget.seconds, f"{used.seconds:.0f} of {budget.seconds or 0:.0f} seconds"),
    )
    for amount, most, text in limited:
        if most is not None and amount is not None:
            yield amount / most, text
