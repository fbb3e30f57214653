"""Digging down, for whoever has the tool."""

from __future__ import annotations

from automem_backends.rules.nethack.answering import PICKS
from automem_backends.rules.nethack.compass import beside
from automem_backends.rules.nethack.situation import Situation

MOST_TRIES = 8
"""So often in a row digging is tried on one level."""
NOT_HERE = ("stairs", "altar", "throne", "too hard to dig", "isn't enough room", "cannot reach")


def dig_down(now: Situation) -> str | None:
    """Dig where the character stands, or fetch the tool where one is in sight."""
    if not now.scene.can("apply") or not now.scene.can("esc"):
        return None
    if not any(PICKS.search(item) for item in now.scene.inventory.values()):
        return _fetch(now)
    if now.on(">", "down"):
        return None
    if now.on("<", "up") or any(word in now.now.message for word in NOT_HERE):
        return now.free_direction()
    if _failed_here(now):
        return None
    return "apply"


def _failed_here(now: Situation) -> bool:
    lately = now.notes.journal[-24:]
    return sum(m.action == "apply" and m.depth == now.depth for m in lately) >= MOST_TRIES


def _fetch(now: Situation) -> str | None:
    """Take a tool that lies here, beside, or is surely the one thing of its sign in sight."""
    if now.now.message.startswith("You see here") and PICKS.search(now.now.message):
        return "pickup"
    for direction, name in now.now.names.items():
        if PICKS.search(name):
            return now.toward(beside(now.at, direction))
    things = now.now.find("(")
    if len(things) != 1 or not any(PICKS.search(name) for name in now.now.things):
        return None
    return now.toward(things[0])
