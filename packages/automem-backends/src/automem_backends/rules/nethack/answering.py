"""What to answer while the game asks something: yes or no, an item, a direction, a menu."""

from __future__ import annotations

import re

from automem_backends.rules.nethack.compass import STRAIGHT, beside
from automem_backends.rules.nethack.fighting import eye_in_line
from automem_backends.rules.nethack.lava import lava_direction, thing_to_kick
from automem_backends.rules.nethack.situation import Situation

KEYS = {
    "a": "apply", "b": "southwest", "c": "close", "e": "eat", "h": "west", "j": "south",
    "k": "north", "l": "east", "n": "southeast", "o": "open", "s": "search", "u": "northeast",
    "y": "northwest", "z": "zap",
}  # fmt: skip
"""Letter -> the command on the same key, for where letters are no actions."""
FOOD = re.compile(
    r"\b(?:food ration|cram ration|lembas wafer|[CK]-ration|tripe ration|pancake|tin|apple|orange"
    r"|pear|melon|banana|carrot|slime mold|fortune cookie|candy bar|cream pie|egg|kelp frond"
    r"|eucalyptus lea(?:f|ve)|sprig|clove|lump of royal jelly)s?\b"
)
WAND = re.compile(r"\bwand\b")
_YES = ("want to pray",)
PICKS = re.compile(r"\b(?:pick-axe|mattock)")
_COUNT = re.compile(r"Count: (\d+)")


def answer(now: Situation) -> str | None:
    """The key a question wants; None if nothing is asked."""
    message = now.now.message
    if not now.now.asks and now.now.shows_map and not _COUNT.search(message):
        # What was answered may still stand there.
        return "5" if now.scene.action == "1" else None
    if _COUNT.search(message) or (now.scene.action in {"1", "5"} and not message):
        return "5" if now.scene.action == "1" else "search"
    if "In what direction" in message:
        return _direction(now)
    asked = message.rsplit("What do you want to ", 1)
    if len(asked) > 1 and ("[" in asked[1] or "(end)" in asked[1]):
        return _item(now, asked[1])
    if "Pick up what" in message or "Pick up what" in now.now.cells:
        return _pick(now)
    if re.search(r"\[yn[aq]*\]", message):
        return _key(now, "y" if any(word in message for word in _YES) else "n")
    if "--More--" in message:
        return "more"
    if message.endswith("?") or not now.now.shows_map or "(For instructions" in message:
        return _leave(now)
    return None


def _leave(now: Situation) -> str | None:
    for action in ("esc", "more"):
        if action in now.scene.actions:
            return action
    return "southeast" if now.scene.actions else "esc"


def _key(now: Situation, letter: str) -> str:
    """The action that types a letter."""
    if letter in now.scene.actions or not now.scene.actions:
        return letter
    command = KEYS.get(letter, "")
    return command if command in now.scene.actions else letter


def _direction(now: Situation) -> str:
    """Where to kick, to zap or to open."""
    if "dig" in now.now.message and ">" in now.now.message:
        return "down"
    if now.scene.action == "kick" and (thing := thing_to_kick(now)) is not None:
        return thing
    if now.scene.action == "fire" and (target := eye_in_line(now)) is not None:
        return target
    lava = lava_direction(now)
    if lava is not None and now.scene.action != "kick":
        return lava
    doors = now.level.cells("locked") | now.ground.shut
    for name in STRAIGHT:
        if beside(now.at, name) in doors:
            return name
    return _leave(now) or "north"


def _item(now: Situation, asked: str) -> str:
    """The letter of the item that is meant."""
    wanted = None
    if asked.startswith("eat"):
        wanted = FOOD
    elif asked.startswith("zap"):
        wanted = WAND
    elif asked.startswith("use or apply"):
        wanted = PICKS
    if wanted is not None:
        for letter, item in now.scene.inventory.items():
            if wanted.search(item):
                return _key(now, letter)
    return _leave(now) or "north"


def _pick(now: Situation) -> str:
    """Mark the first thing of a menu that is not marked yet, then confirm."""
    lines = [now.now.cells[row : row + 80] for row in range(0, 1760, 80)]
    text = "\n".join([now.now.message, *lines])
    for letter, mark in re.findall(r"(?:^|\s)([a-zA-Z]) ([-+]) \S", text):
        if mark == "-":
            return _key(now, letter)
    return "more" if now.scene.can("more") else "esc"
