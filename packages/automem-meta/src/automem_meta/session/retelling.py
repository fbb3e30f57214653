"""A review told in one text, for an agent that keeps its conversation to itself.

An agent that was interrupted has lost its conversation; what it did is in the transcript, and is
told to it instead of being done and paid for again.
"""

from __future__ import annotations

import msgspec

from automem.protocols import ReviewDesk
from automem_meta.session.conversation import Conversation, Replies, Spoke, Told, conversation_of
from automem_meta.session.loop import last_turn
from automem_meta.session.texts import text

MOST_CHARACTERS = 2000
"""Of one answer, and of one call's arguments."""


def first_message(desk: ReviewDesk) -> str:
    """The brief, and all that happened since."""
    if last_turn(desk.events) is None:
        return "\n\n".join(_told(conversation_of(desk)))
    turns = "\n\n".join(_told(conversation_of(desk))[1:])
    filled = text("going_on").replace("{count}", str(MOST_CHARACTERS))
    return filled.replace("{brief}", desk.brief).replace("{turns}", turns)


def _told(conversation: Conversation) -> list[str]:
    parts: list[str] = []
    for entry in conversation.entries:
        match entry:
            case Told():
                parts.append(entry.text)
            case Spoke():
                parts += [f"You said: {entry.turn.text}"] if entry.turn.text else []
            case Replies():
                for reply in entry.replies:
                    arguments = msgspec.json.encode(reply.call.arguments).decode()
                    asked = _short(reply.call.malformed or arguments)
                    failed = " (it failed)" if reply.failed else ""
                    parts.append(
                        f"You called `{reply.call.name}` with {asked}. It answered{failed}:\n\n"
                        f"{_short(reply.text)}"
                    )
                parts += [entry.note] if entry.note else []
    return parts


def _short(said: str) -> str:
    rest = len(said) - MOST_CHARACTERS
    return said if rest <= 0 else f"{said[:MOST_CHARACTERS]} [{rest} more characters]"
