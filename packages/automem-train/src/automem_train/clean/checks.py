"""What every finished example must be; a failed check means a strange reply, or a faulty rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from automem.memory.grammar import parse
from automem.records.model import Message
from automem_train.clean.draft import Draft, Vocabulary

_ACTION = re.compile(r"<\|?[ \t]*ACTION[ \t]*\|?[>}]", re.IGNORECASE)


def no_action(draft: Draft, vocabulary: Vocabulary) -> bool:
    """No action is said, not even in what is written to a file."""
    del vocabulary
    return _ACTION.search(draft.text) is None


def has_operation(draft: Draft, vocabulary: Vocabulary) -> bool:
    """There is an operation."""
    return bool(parse(draft.text, vocabulary).operations)


def ends_with_operation(draft: Draft, vocabulary: Vocabulary) -> bool:
    """Nothing follows the last operation but the ending of the phase."""
    found = draft.places(vocabulary)
    return bool(found) and found[-1].end == len(draft.text)


def same_operations(draft: Draft, vocabulary: Vocabulary) -> bool:
    """It asks for exactly what the reply asked for, in its order."""
    whole = parse(draft.reply, vocabulary, cut_off=draft.cut_off)
    return parse(draft.text, vocabulary).operations == whole.operations


def roles_alternate(messages: Sequence[Message]) -> bool:
    """After at most one system message, user and assistant in turn, from a user to an assistant."""
    roles = [message.role for message in messages]
    if roles[:1] == ["system"]:
        roles = roles[1:]
    pairs = len(roles) // 2
    return bool(roles) and roles == ["user", "assistant"] * pairs


Check = Callable[[Draft, Vocabulary], bool]
CHECKS: Final[Mapping[str, Check]] = {
    "no_action": no_action,
    "has_operation": has_operation,
    "ends_with_operation": ends_with_operation,
    "same_operations": same_operations,
}
