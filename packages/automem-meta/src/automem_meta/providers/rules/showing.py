"""Files that PLAN does not look into: they are put into the prompts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from automem.review.memory_use import FileUse
from automem_meta.providers.rules.draft import Draft, Table
from automem_meta.providers.rules.evidence import Evidence
from automem_meta.providers.rules.proposal import Proposal

JOURNAL_LINES = 20
NOTES_LINES = 60
LEAST_WEIGHT = 0.15
"""Even where PLAN always asks, being shown spares it a call."""


def unseen_files(evidence: Evidence) -> Iterator[Proposal]:
    """A file that is written, and not put into PLAN's prompt: the end of it, or all of it."""
    recalls = sum(evidence.recalls(use.file) for use, _ in evidence.files())
    writes = sum(use.writes for use, _ in evidence.files())
    for use, _ in evidence.files():
        if evidence.injected(use.file) or evidence.varied(use.file) or not use.lines:
            continue
        wanted = evidence.recalls(use.file) / recalls if recalls else use.writes / max(1, writes)
        weight = (LEAST_WEIGHT + (1 - LEAST_WEIGHT) * evidence.unrecalled) * (0.3 + 0.7 * wanted)
        yield _shown(evidence, use, weight)


def _shown(evidence: Evidence, use: FileUse, weight: float) -> Proposal:
    rewritten = any(
        one.kind in ("write", "create") and one.file == use.file for one in evidence.use.operations
    )
    lines = JOURNAL_LINES if evidence.is_journal(use) else NOTES_LINES
    rule: Table = {
        "slot": _slot(evidence, use.file),
        "file": use.file,
        "when_empty": "(nothing written yet)",
    }
    # What is appended to has its news at its end.
    rule |= {"operation": "read"} if rewritten else {"operation": "tail", "lines": lines}

    def change(draft: Draft) -> None:
        draft.inject(rule)

    what = use.file if rewritten else f"the last {lines} lines of {use.file}"
    return Proposal(
        name=f"show:{use.file}",
        title=f"show {what} in every prompt",
        failure=(
            f"PLAN looked nothing up in {100 * evidence.unrecalled:.0f} % of the steps, and into "
            f"{use.file} {evidence.recalls(use.file)} times in {evidence.steps} steps, while LOG "
            f"wrote to it {use.writes} times. {evidence.measure('dead_lines'):.0f} lines an "
            "episode were never read again"
        ),
        expected="written lines read again rises; PLAN needs fewer calls and knows more",
        weight=weight,
        change=change,
    )


def _slot(evidence: Evidence, file: str) -> str:
    taken = {rule.slot for rule in evidence.manifest.inject}
    slot = PurePath(file).stem.replace("_", " ")
    return slot if slot not in taken else f"{slot} file"
