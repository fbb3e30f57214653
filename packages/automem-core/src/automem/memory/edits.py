"""How a file's lines changed, as one replaced stretch; a trace holds these, never whole files."""

from __future__ import annotations

from collections.abc import Sequence

from automem.errors import TraceError
from automem.records.memory import Edit


def difference(old: Sequence[str], new: Sequence[str]) -> Edit | None:
    """The smallest single stretch whose replacement turns `old` into `new`; None if equal."""
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start] == new[start]:
        start += 1
    if start == len(old) == len(new):
        return None
    rest = shorter - start
    same = 0
    while same < rest and old[-1 - same] == new[-1 - same]:
        same += 1
    return Edit(
        start=start,
        removed=len(old) - same - start,
        added=tuple(new[start : len(new) - same]),
    )


def apply(lines: Sequence[str], edit: Edit) -> list[str]:
    """The lines after the edit. Raises TraceError where it does not fit them."""
    changed = list(lines)
    apply_in_place(changed, edit)
    return changed


def apply_in_place(lines: list[str], edit: Edit) -> None:
    """As `apply`, on the list itself: a long file is not copied for one line."""
    end = edit.start + edit.removed
    if edit.start < 0 or edit.removed < 0 or end > len(lines):
        raise TraceError(
            f"an edit of lines {edit.start} to {end} does not fit a file of {len(lines)} lines; "
            "the trace is damaged or incomplete, play the episode again"
        )
    lines[edit.start : end] = edit.added
