"""The fixed rules of cleaning, each a pure function; they run in the order of `CUTS` and `DROPS`.

A target shows operations as they should be written, and nothing that was not carried out: no
action, which is not the memory's to say, and no words behind the last operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from automem.memory.grammar import Place
from automem_train.clean.draft import Draft, Vocabulary

_FENCE = re.compile(r"`{3,}[A-Za-z0-9_+-]{0,20}")


def unwrap_fences(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """Take away code fences around operations; those around anything else stay."""
    text = draft.text
    found = draft.places(vocabulary)
    marks = [mark.span() for mark in _FENCE.finditer(text) if not _within(mark.start(), found)]
    removed: list[tuple[int, int]] = []
    for opening, closing in zip(marks[::2], [*marks[1::2], None], strict=False):
        end = closing[0] if closing else len(text)
        if any(opening[1] <= place.start < end for place in found):
            removed += [_line(text, *mark) for mark in (opening, closing) if mark]
    for start, end in reversed(removed):
        draft = draft.without(start, end)
    return draft


def cut_after_done(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """End with the word that ends LOG or a consultation; nothing behind it was carried out."""
    for place in draft.places(vocabulary):
        if place.ending and place.name != "ACTION":
            return draft.up_to(place.end)
    return draft


def lose_action(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """End before the action: the gameplay role alone commits one."""
    for place in draft.places(vocabulary):
        if place.ending and place.name == "ACTION":
            return draft.up_to(place.start)
    return draft


def cut_after_last_operation(draft: Draft, vocabulary: Vocabulary) -> Draft:
    """End with the last operation, or with the ending that follows it."""
    found = draft.places(vocabulary)
    return draft.up_to(found[-1].end) if found else draft


def drop_without_operation(draft: Draft, vocabulary: Vocabulary) -> bool:
    """Whether no operation is left; an ending alone is none."""
    return all(place.ending for place in draft.places(vocabulary))


def drop_fenced(draft: Draft, vocabulary: Vocabulary) -> bool:
    """Whether a code fence is left."""
    del vocabulary
    return "```" in draft.text


Cut = Callable[[Draft, Vocabulary], Draft]
Drop = Callable[[Draft, Vocabulary], bool]
CUTS: Final[Mapping[str, Cut]] = {
    "unwrap_fences": unwrap_fences,
    "cut_after_done": cut_after_done,
    "lose_action": lose_action,
    "cut_after_last_operation": cut_after_last_operation,
}
DROPS: Final[Mapping[str, Drop]] = {
    "drop_without_operation": drop_without_operation,
    "drop_fenced": drop_fenced,
}


def _within(position: int, found: tuple[Place, ...]) -> bool:
    """Whether it is part of an operation: of what the model wrote into a file."""
    return any(place.start <= position < place.end for place in found)


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """A fence with the rest of its line, where it stands alone; else only the fence."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    if text[first:start].strip() or text[end:last].strip():
        return start, end
    return first, last
