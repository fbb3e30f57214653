"""Files that grow, repeat themselves, or say old things of a place: keys, dedupe, retention."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from automem.records.scaffold import FileRule
from automem.review.memory_use import FileUse
from automem_meta.providers.rules.draft import Draft, Table
from automem_meta.providers.rules.evidence import Evidence
from automem_meta.providers.rules.proposal import Proposal

LONG_LINES = 150
KEPT_LINES = 80
LONG_BYTES = 6_000
SOFT_BYTES = 3_000
_PLACE = re.compile(r"(?<![\d.])(-?\d{1,3}),\s?(-?\d{1,3})(?![\d.])")
_LEVEL = re.compile(r"\b(?:dlvl|level|floor|depth)\s?:?\s?\d", re.IGNORECASE)
_ABOUT_PLACES = re.compile(
    r"map|place|landmark|location|coordinate|position|terrain|room", re.IGNORECASE
)
_FEWEST_PLACES = 6
_MOST = 0.7
"""The share of lines that name a place, from which on a file is about places."""


def endless_journals(evidence: Evidence) -> Iterator[Proposal]:
    """A journal without an end: only its last lines stay."""
    for use, rule in evidence.files():
        grows = "append" in rule.modes and rule.retention is None and rule.key is None
        if not (grows and evidence.is_journal(use) and use.lines > LONG_LINES):
            continue
        pinned = len(evidence.content.get(f"files/{use.file}", "").splitlines())
        kept: Table = {
            "max_lines": 2 * KEPT_LINES + pinned,
            "keep_last": KEPT_LINES,
            "pinned": pinned,
        }

        def change(draft: Draft, file: str = use.file, kept: Table = kept) -> None:
            draft.file(file)["retention"] = kept

        yield Proposal(
            name=f"keep-last:{use.file}",
            title=f"keep the last lines of {use.file} only",
            failure=(
                f"{use.file} has {use.lines:.0f} lines at the end of an episode and no bound; "
                f"memory grows by {evidence.measure('growth'):.0f} characters a step"
            ),
            expected="memory growth per step and the prompts that show the file become smaller",
            weight=0.4 * min(1.0, use.lines / 600),
            change=change,
        )


def large_files(evidence: Evidence) -> Iterator[Proposal]:
    """A large file that could be rewritten: the model is told to summarize it."""
    rewritable = evidence.offered("log", writing=True)
    for use, rule in evidence.files():
        can = any(one.kind == "write" and one.file in (None, use.file) for one in rewritable)
        if rule.soft_limit or not can or "write" not in rule.modes or use.bytes < LONG_BYTES:
            continue

        def change(draft: Draft, file: str = use.file) -> None:
            said = "{file} has grown to {bytes} bytes. Rewrite it shorter: keep what still matters."
            draft.file(file)["soft_limit"] = {"bytes": SOFT_BYTES, "text": said}

        yield Proposal(
            name=f"summarize:{use.file}",
            title=f"ask for a summary where {use.file} is large",
            failure=f"{use.file} has {use.bytes:.0f} bytes at the end of an episode",
            expected="the file stays short, and reading it costs less",
            weight=0.25 * min(1.0, use.bytes / 20_000),
            change=change,
        )


def repeated_lines(evidence: Evidence) -> Iterator[Proposal]:
    """A file that says the same again: repeats are dropped."""
    for use, rule in evidence.files():
        repeats = max(use.repeated_lines, use.duplicates / max(1, use.writes))
        writes_alike = evidence.measure("redundant_writes")
        if rule.dedupe == "near" or "append" not in rule.modes or rule.key is not None:
            continue
        if evidence.is_journal(use) or max(repeats, writes_alike / 2) < 0.05:
            continue

        def change(draft: Draft, file: str = use.file) -> None:
            draft.file(file)["dedupe"] = "near"

        yield Proposal(
            name=f"dedupe:{use.file}",
            title=f"drop lines that {use.file} has already",
            failure=(
                f"{100 * repeats:.0f} % of the lines of {use.file} stand there more than once; "
                f"{100 * writes_alike:.0f} % of all writes say nothing new"
            ),
            expected="redundant memory writes become fewer, and the file shorter",
            weight=0.3 * max(repeats, writes_alike / 2),
            change=change,
        )


def places_without_keys(evidence: Evidence) -> Iterator[Proposal]:
    """A file whose lines are about places, appended to: one line for each place instead."""
    for use, rule in evidence.files():
        again = _places_again(evidence.samples.get(use.file, ""))
        if again is None or rule.key is not None or evidence.is_journal(use):
            continue
        named = _ABOUT_PLACES.search(f"{use.file} {rule.purpose}")
        if not named or evidence.varied(use.file):
            continue
        levels = bool(_LEVEL.search(evidence.samples[use.file]))
        yield Proposal(
            name=f"key-by-place:{use.file}",
            title=f"one line for each place in {use.file}, set by its coordinates",
            failure=(
                f"the lines of {use.file} name places, and {100 * again:.0f} % of them name one "
                "that an earlier line names: old and new stand side by side"
            ),
            expected="redundant writes and growth fall; a place says what is there now",
            weight=0.1 + 0.4 * again,
            change=_keyed(use, rule, levels=levels),
        )


def _keyed(use: FileUse, rule: FileRule, *, levels: bool) -> Callable[[Draft], None]:
    shape = "level,x,y" if levels else "x,y"
    numbers = "-?[0-9]{1,3},-?[0-9]{1,3}"
    pattern = f"[0-9]{{1,3}},{numbers}" if levels else numbers
    word = re.sub(r"[^A-Z0-9]+", "_", PurePath(use.file).stem.upper()).strip("_") or "PLACE"

    def change(draft: Draft) -> None:
        file = draft.file(use.file)
        file["key"] = {"shape": shape, "pattern": pattern}
        file["modes"] = ["upsert"]
        file["purpose"] = f"One line for each place, {shape}: {rule.purpose}"
        file.pop("retention", None)
        for rules in draft.variants(use.file):
            for key in ("modes", "retention", "key"):
                rules.pop(key, None)
        kept = [
            one
            for one in draft.operations()
            if one.get("file") != use.file or one["kind"] not in ("append", "write", "create")
        ]
        names = {one["name"] for one in kept}
        name = f"SET_{word}"[:60]
        while name in names:
            name += "_"
        operation = {
            "name": name,
            "kind": "upsert",
            "file": use.file,
            "phases": ["log"],
            "help": f"sets what {use.file} says of a place, in place of what it said; "
            "an empty text removes the place",
        }
        draft.manifest["operation"] = [*kept, operation]

    return change


def _places_again(text: str) -> float | None:
    """The share of lines about a place that was named before; None for a file of other things."""
    lines = [line for line in text.splitlines() if line.strip()]
    places = [found[0] for line in lines if (found := _PLACE.search(line))]
    if len(places) < max(_FEWEST_PLACES, _MOST * len(lines)):
        return None
    return 1 - len(set(places)) / len(places)
