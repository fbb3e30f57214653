"""PLAN: look up what the decision wants to know, then commit the action."""

from __future__ import annotations

from automem_backends.rules.crafter.decide import decide
from automem_backends.rules.crafter.ground import survey
from automem_backends.rules.crafter.recall import JOURNAL_LINES, Recall
from automem_backends.rules.crafter.situation import Situation

MOST_TURNS = 4
"""After so many replies the player acts on what it has."""


def plan(known: Recall, luck: int) -> str:
    """The reply to a PLAN prompt."""
    first = _first_questions(known)
    if first:
        return _ask(first)
    now = situation(known, luck)
    action = decide(now)
    if len(known.talk.said) < MOST_TURNS:
        questions = [known.look_up(subject) for subject in now.wanted]
        if any(questions):
            return _ask([question for question in questions if question])
    return f"<|ACTION|>{action}<|END|>"


def situation(known: Recall, luck: int) -> Situation:
    """Put view and notes together."""
    notes, scene = known.notes, known.scene
    last = known.last or known.start
    step = known.talk.step if known.talk.step is not None else last.step
    ground = survey(
        last.at, last.facing, scene.now, notes.journal[-JOURNAL_LINES:], notes.landmarks
    )
    ground.mines = scene.status.has("wood_pickaxe")
    ground.bridges = ground.mines and scene.status.has("stone")
    return Situation(scene, notes, ground, step, luck, known.recalled)


def _first_questions(known: Recall) -> list[str]:
    """Where the player is and what it has done, unless the prompt shows it already."""
    if known.talk.said:
        return []
    questions = [known.look_up("journal"), known.look_up("done")]
    return [question for question in questions if question]


def _ask(questions: list[str]) -> str:
    return "\n".join(dict.fromkeys(questions))
