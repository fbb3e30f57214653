"""PLAN: look up what the decision wants to know, then commit the action."""

from __future__ import annotations

from automem_backends.rules.nethack.boxes import is_boxoban
from automem_backends.rules.nethack.decide import decide
from automem_backends.rules.nethack.recall import Recall
from automem_backends.rules.nethack.situation import Situation

MOST_TURNS = 3
"""After so many replies the player acts on what it has."""


def plan(known: Recall, luck: int) -> str:
    """The reply to a PLAN prompt."""
    if not known.talk.said:
        boxes = is_boxoban(known.scene.now)
        asked = [known.look_up("plan" if boxes else "journal"), known.look_up("level")]
        if any(asked):
            return _ask([question for question in asked if question])
    now = situation(known, luck)
    action = decide(now)
    if len(known.talk.said) < MOST_TURNS:
        asked = [known.look_up(topic) for topic in now.wanted]
        if any(asked):
            return _ask([question for question in asked if question])
    return f"<|ACTION|>{action}<|END|>"


def situation(known: Recall, luck: int) -> Situation:
    """Put screen and notes together."""
    return Situation(
        scene=known.scene,
        notes=known.notes,
        depth=known.depth,
        step=known.step,
        luck=luck,
        recalled=known.recalled,
    )


def _ask(questions: list[str]) -> str:
    return "\n".join(dict.fromkeys(questions))
