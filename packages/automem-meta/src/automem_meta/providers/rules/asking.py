"""Habits that a prompt can ask for: look before you write, look before you act, few words."""

from __future__ import annotations

from collections.abc import Iterator

from automem_meta.providers.rules.draft import Draft
from automem_meta.providers.rules.evidence import Evidence
from automem_meta.providers.rules.proposal import Proposal

BUSY_WRITES = 1.5
"""Writes a step from which on a routine step costs too much."""


def blind_writes(evidence: Evidence) -> Iterator[Proposal]:
    """LOG writes without looking at what a file says already."""
    consulted = evidence.measures.get("consulted_writes")
    reads = evidence.offered("log", writing=False)
    if consulted is None or consulted >= 0.5 or not reads:
        return
    yield _said(
        "look-before-writing",
        "log",
        "look_before_writing",
        title="ask LOG to look a fact up before it notes it",
        failure=(
            f"{100 * (1 - consulted):.0f} % of the writes in LOG come without a look at the file; "
            f"{100 * evidence.measure('redundant_writes'):.0f} % of all writes say nothing new"
        ),
        expected="consulted writes rise, redundant writes fall",
        weight=0.1 * (1 - consulted) + 0.3 * evidence.measure("redundant_writes"),
    )


def blind_plans(evidence: Evidence) -> Iterator[Proposal]:
    """PLAN acts without a look into memory."""
    if evidence.unrecalled < 0.3 or not evidence.offered("plan", writing=False):
        return
    first = evidence.offered("plan", writing=False)[0].name

    def change(draft: Draft) -> None:
        draft.say("plan", "look_before_acting")
        for operation in draft.operations():
            if operation["name"] == first:
                said = operation.get("help") or "looks something up"
                operation["help"] = f"{said}; use it before you act"

    yield Proposal(
        name="look-before-acting",
        title="ask PLAN to look up what bears on the situation before it acts",
        failure=f"PLAN looked nothing up in {100 * evidence.unrecalled:.0f} % of the steps",
        expected="fewer unproductive actions, at the price of more calls",
        weight=0.3 * evidence.unrecalled,
        change=change,
    )


def empty_searches(evidence: Evidence) -> Iterator[Proposal]:
    """Searches that find nothing: one word for one thing."""
    empty = evidence.measure("empty_searches")
    if empty < 0.2:
        return
    yield _said(
        "same-words",
        "log",
        "same_words",
        title="ask LOG for the same word each time, as it will be searched for",
        failure=f"{100 * empty:.0f} % of the searches found nothing",
        expected="empty searches become fewer",
        weight=0.25 * empty,
    )


def busy_steps(evidence: Evidence) -> Iterator[Proposal]:
    """LOG writes much in every step: a routine step is one line."""
    writes = sum(use.writes for use, _ in evidence.files()) / evidence.steps
    if writes < BUSY_WRITES:
        return
    yield _said(
        "routine-step",
        "log",
        "routine_step",
        title="tell LOG that a routine step is one line and done",
        failure=f"LOG writes {writes:.1f} times a step, whatever happens",
        expected="calls, tokens and memory growth per step fall",
        weight=min(0.25, 0.08 * writes),
    )


def _said(
    name: str,
    prompt: str,
    sentence: str,
    *,
    title: str,
    failure: str,
    expected: str,
    weight: float,
) -> Proposal:
    def change(draft: Draft) -> None:
        draft.say(prompt, sentence)

    return Proposal(name, title, failure, expected, weight, change)
