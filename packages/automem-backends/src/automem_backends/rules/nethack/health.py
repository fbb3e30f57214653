"""Wounds and hunger: prayer, food, rest."""

from __future__ import annotations

from automem_backends.rules.nethack.answering import FOOD
from automem_backends.rules.nethack.creatures import strangers
from automem_backends.rules.nethack.situation import Situation

FIRST_PRAYER = 200
"""Before this turn a prayer is hardly ever heard, in whatever trouble."""
BETWEEN_PRAYERS = 1000
RESTED = 0.6
"""The share of its health with which the character goes on."""
TIRED = 0.4
"""Below this share it rests, if nothing is about."""
LATELY, MOST_BITES = 15, 3
"""So often among so many actions it tries to eat."""
LONGEST_REST = 40
"""So many actions of the last ones may have been rest."""


def stay_alive(now: Situation) -> str | None:
    """Pray in trouble, eat when hungry."""
    stats = now.now.stats
    if (stats.low or stats.hunger in {"Weak", "Fainting", "Fainted"}) and _may_pray(now):
        return "pray"
    if stats.hunger and not now.foes and now.scene.can("eat"):
        fed = any(FOOD.search(item) for item in now.scene.inventory.values())
        tried = sum(moment.action == "eat" for moment in now.notes.journal[-LATELY:])
        if fed and tried < MOST_BITES:
            return "eat"
    return None


def rest(now: Situation) -> str | None:
    """Let wounds heal where nothing threatens."""
    stats = now.now.stats
    if stats.hunger or not now.scene.can("search") or strangers(now.now):
        return None
    rested = sum(moment.action == "search" for moment in now.notes.journal[-LONGEST_REST:])
    resting = now.scene.action == "search"
    share = stats.hp / max(1, stats.most_hp)
    if share < (RESTED if resting else TIRED) and rested < LONGEST_REST and stats.turn:
        return "1" if {"1", "5"} <= now.scene.actions else "search"
    return None


def _may_pray(now: Situation) -> bool:
    turn = now.now.stats.turn
    if not now.scene.can("pray") or turn < FIRST_PRAYER:
        return False
    if not now.known("prayer"):
        return False
    prayed = now.notes.prayed
    return prayed is None or turn - prayed > BETWEEN_PRAYERS
