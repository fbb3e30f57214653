"""A reply on its way to a target: what is left of it, as stretches of the reply itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from automem.memory.grammar import Place, places
from automem.records._struct import Record
from automem.records.scaffold import OperationRule, Phase

Span: TypeAlias = tuple[int, int]
Vocabulary: TypeAlias = Mapping[str, OperationRule]


class Draft(Record):
    """Rules can only cut: whatever they do, what is left are stretches of the reply, in order."""

    phase: Phase
    reply: str
    """Verbatim, as the trace has it."""
    spans: tuple[Span, ...]
    """What of the reply is kept; ends are exclusive."""
    cut_off: bool = False
    """The reply ended at its token limit, so what is open at its end is no operation."""

    @property
    def text(self) -> str:
        """What is left."""
        return "".join([self.reply[start:end] for start, end in self.spans])

    def places(self, vocabulary: Vocabulary) -> tuple[Place, ...]:
        """Where in the text the operations and the ending are."""
        return places(self.text, vocabulary, cut_off=self.cut_off)

    def without(self, start: int, end: int) -> Draft:
        """Less the stretch of the text from `start` to `end`."""
        spans: list[Span] = []
        at = 0
        for first, last in self.spans:
            size = last - first
            before = (first, first + min(size, max(0, start - at)))
            after = (first + min(size, max(0, end - at)), last)
            spans += [span for span in (before, after) if span[0] < span[1]]
            at += size
        return Draft(phase=self.phase, reply=self.reply, spans=_joined(spans), cut_off=self.cut_off)

    def up_to(self, end: int) -> Draft:
        """Only the text before `end`."""
        return self.without(end, max(end, len(self.text)))


def draft_of(phase: Phase, reply: str, *, cut_off: bool = False) -> Draft:
    """The whole reply."""
    return Draft(
        phase=phase, reply=reply, spans=((0, len(reply)),) if reply else (), cut_off=cut_off
    )


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """Neighbors made one."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
