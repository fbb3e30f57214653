"""Digging down, for whoever has the tool."""

from __future__ import annotations

from automem_backends.rules.nethack.situation import Situation

TOOLS = ("pick-axe", "dwarvish mattock")
NOT_HERE = ("stairs", "altar", "throne", "too hard to dig", "isn't enough room", "cannot reach")


def dig_down(now: Situation) -> str | None:
    """Dig where the character stands, or fetch the tool where one is in sight."""
    if not now.scene.can("apply") or not now.scene.can("esc"):
        return None
    if not any(tool in item for item in now.scene.inventory.values() for tool in TOOLS):
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
    return sum(m.action == "apply" and m.depth == now.depth for m in lately) >= 8  # noqa: PLR2004


def _fetch(now: Situation) -> str | None:
    if not any(tool in name for name in now.now.things for tool in TOOLS):
        here = now.now.message.startswith("You see here") and any(
            tool in now.now.message for tool in TOOLS
        )
        return "pickup" if here else None
    target = now.nearest(now.now.find("("))
    return None if target is None else now.toward(target)
