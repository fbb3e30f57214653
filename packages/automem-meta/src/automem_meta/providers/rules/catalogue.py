"""Every failure that the rules know, and what they would do about each, worst first."""

from __future__ import annotations

from automem_meta.providers.rules.asking import (
    blind_plans,
    blind_writes,
    busy_steps,
    empty_searches,
)
from automem_meta.providers.rules.evidence import Evidence
from automem_meta.providers.rules.keeping import (
    endless_journals,
    large_files,
    places_without_keys,
    repeated_lines,
)
from automem_meta.providers.rules.proposal import Detector, Proposal
from automem_meta.providers.rules.showing import unseen_files
from automem_meta.providers.rules.vocabulary import (
    large_prompts,
    search_limits,
    useless_operations,
    wasted_turns,
)

DETECTORS: tuple[Detector, ...] = (
    unseen_files,
    places_without_keys,
    endless_journals,
    repeated_lines,
    large_files,
    blind_plans,
    blind_writes,
    empty_searches,
    busy_steps,
    search_limits,
    large_prompts,
    wasted_turns,
    useless_operations,
)


def proposals(evidence: Evidence) -> list[Proposal]:
    """Everything that could be done, the worst failure first."""
    found = [proposal for detect in DETECTORS for proposal in detect(evidence)]
    return sorted(found, key=lambda proposal: -proposal.weight)
