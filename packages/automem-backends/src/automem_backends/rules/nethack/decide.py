"""What to do next: what the game asks, wounds, foes, stairs, and then exploring."""

from __future__ import annotations

from automem_backends.rules.nethack.answering import answer
from automem_backends.rules.nethack.boxes import push_boxes
from automem_backends.rules.nethack.digging import dig_down
from automem_backends.rules.nethack.exploring import descend, explore
from automem_backends.rules.nethack.fighting import fight, lie_in_wait, shoot
from automem_backends.rules.nethack.health import rest, stay_alive
from automem_backends.rules.nethack.lava import cross_lava
from automem_backends.rules.nethack.situation import Situation

STUCK = 6
"""Standing so often at one place lately, without a search or a fight, is being stuck."""


def _unstick(now: Situation) -> str | None:
    """Leave a place that was not left for long, in any direction."""
    lately = now.notes.journal[-12:]
    here = [
        moment
        for moment in lately
        if moment.at == now.at
        and moment.depth == now.depth
        and moment.action not in {"search", "1", "5", "kick", "zap", "pickup", "eat", "apply"}
    ]
    if len(here) < STUCK:
        return None
    before = now.scene.before
    unchanged = before is not None and before.cells == now.now.cells
    if unchanged and now.scene.can("esc") and now.scene.action != "esc":
        return "esc"
    return now.free_direction()


CONCERNS = (answer, push_boxes, stay_alive, fight, shoot, lie_in_wait, _unstick, dig_down, rest,
            descend, cross_lava, explore)  # fmt: skip
"""The first of these that has an action decides."""


def decide(now: Situation) -> str:
    """One action. Fills `now.wanted` with what should be looked up before it is trusted."""
    for concern in CONCERNS:
        action = concern(now)
        if action is not None:
            return action
    return now.free_direction() or ("search" if now.scene.can("search") else "north")
