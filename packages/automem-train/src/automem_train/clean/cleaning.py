"""One reply through all rules and checks."""

from __future__ import annotations

from collections.abc import Sequence

from automem.records._struct import Record
from automem.records.model import Message
from automem_train.clean.checks import CHECKS, roles_alternate
from automem_train.clean.draft import Draft, Vocabulary
from automem_train.clean.rules import CUTS, DROPS


class Cleaned(Record):
    """What came of a reply."""

    draft: Draft
    rules: tuple[str, ...] = ()
    """The rules that changed it, in order."""
    dropped: str = ""
    """The rule that dropped it; empty where none did."""
    failed: str = ""
    """The check that it does not pass; empty where it passes all."""


def clean(draft: Draft, before: Sequence[Message], vocabulary: Vocabulary) -> Cleaned:
    """Make a target of a reply; `before` is the conversation that it answers."""
    changed: list[str] = []
    for name, cut in CUTS.items():
        after = cut(draft, vocabulary)
        if after.spans != draft.spans:
            changed.append(name)
        draft = after
    rules = tuple(changed)
    for name, drops in DROPS.items():
        if drops(draft, vocabulary):
            return Cleaned(draft=draft, rules=rules, dropped=name)
    for name, passes in CHECKS.items():
        if not passes(draft, vocabulary):
            return Cleaned(draft=draft, rules=rules, failed=name)
    if not roles_alternate([*before, Message(role="assistant", content=draft.text)]):
        return Cleaned(draft=draft, rules=rules, failed="roles_alternate")
    return Cleaned(draft=draft, rules=rules)
