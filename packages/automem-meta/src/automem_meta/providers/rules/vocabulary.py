"""Operations that bring nothing, and limits that are too wide or too narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from automem.records.memory import WRITING_KINDS
from automem.records.scaffold import OperationRule, Phase
from automem_meta.providers.rules.draft import Draft
from automem_meta.providers.rules.evidence import Evidence
from automem_meta.providers.rules.proposal import Proposal

PHASES: tuple[Phase, ...] = ("log", "plan")
FAILING = 0.7
FEWEST_STEPS = 20
LONG_ANSWER = 2_500
"""Characters of an answer that a search should not exceed on average."""
LARGE_PROMPT = 8_000
"""Tokens."""


def useless_operations(evidence: Evidence) -> Iterator[Proposal]:
    """An operation that a phase never uses, or that nearly always fails there."""
    if evidence.use.steps < FEWEST_STEPS:
        return
    for phase in PHASES:
        for rule in evidence.manifest.operation:
            if phase not in rule.phases or _needed(evidence, rule, phase):
                continue
            times, failed = _counted(evidence, rule, phase)
            share = failed / times if times else 1.0
            if share < FAILING:
                continue
            found = (
                f"failed or found nothing in {failed} of {times} uses"
                if times
                else f"was never used in {evidence.steps} steps"
            )
            yield Proposal(
                name=f"remove-operation:{rule.name}:{phase}",
                title=f"take {rule.name} out of {phase.upper()}",
                failure=f"{rule.name} in {phase.upper()} {found}",
                expected="a shorter vocabulary; calls that brought nothing are spared",
                weight=0.05 + 0.4 * min(1.0, failed / evidence.steps),
                change=_without(rule.name, phase),
            )


def _needed(evidence: Evidence, rule: OperationRule, phase: Phase) -> bool:
    """Whether it is the last that writes or reads in its phase."""
    same = evidence.offered(phase, writing=rule.kind in WRITING_KINDS)
    return len(same) <= 1


def _counted(evidence: Evidence, rule: OperationRule, phase: Phase) -> tuple[int, int]:
    uses = [
        one
        for one in evidence.use.operations
        if one.operation == rule.name and one.phase == phase and one.actor == "llm"
    ]
    failed = [u.empty + u.missing + u.duplicate + u.refused + u.malformed for u in uses]
    return sum(one.times for one in uses), sum(failed)


def _without(name: str, phase: Phase) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        for one in draft.operations():
            if one["name"] == name:
                one["phases"] = [kept for kept in one.get("phases", ["log"]) if kept != phase]
        draft.manifest["operation"] = [one for one in draft.operations() if one.get("phases", 1)]

    return change


def search_limits(evidence: Evidence) -> Iterator[Proposal]:
    """Searches that find far more than they may show, or that show too much."""
    uses = [one for one in evidence.use.operations if one.kind == "search"]
    times = sum(one.times for one in uses)
    found = times - sum(one.empty + one.missing for one in uses)
    if found <= 0:
        return
    hits = sum(one.hits for one in uses) / found
    shown = sum(one.shown for one in uses) / max(1, times)
    limit = evidence.manifest.limits.search_results
    if shown > LONG_ANSWER and limit > 4:
        less, why = max(4, limit // 2), f"a search shows {shown:.0f} characters on average"
        yield _limited("fewer-results", "search_results", less, why, "input context falls", 0.2)
    elif hits > 1.5 * limit:
        more, why = min(40, 2 * limit), f"a search finds {hits:.0f} lines and shows {limit} of them"
        yield _limited("more-results", "search_results", more, why, "PLAN sees older notes", 0.15)


def large_prompts(evidence: Evidence) -> Iterator[Proposal]:
    """Prompts that are too long for what they bring."""
    per_call = evidence.measure("per_call")
    lines = evidence.manifest.limits.read_lines
    if per_call > LARGE_PROMPT and lines > 60:
        why = f"a call has {per_call:.0f} input tokens on average"
        yield _limited("shorter-reads", "read_lines", lines // 2, why, "input context falls", 0.2)


def wasted_turns(evidence: Evidence) -> Iterator[Proposal]:
    """Phases that end at their limit of turns again and again."""
    share = evidence.use.warnings.get("turn_limit", 0) / evidence.steps
    turns = evidence.manifest.limits.log_turns
    if share > 0.05 and turns > 3:
        why = f"LOG ended at its limit of {turns} turns in {100 * share:.0f} % of the steps"
        yield _limited("fewer-turns", "log_turns", max(3, turns // 2), why, "calls fall", share)


def _limited(
    name: str, limit: str, value: int, failure: str, expected: str, weight: float
) -> Proposal:
    def change(draft: Draft) -> None:
        draft.limits()[limit] = value

    title = f"set limits.{limit} to {value}"
    return Proposal(f"{name}:{value}", title, failure, expected, min(0.3, weight), change)
