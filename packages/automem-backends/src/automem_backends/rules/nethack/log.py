"""LOG: one line for the step, and now and then what it adds to the notes of the level."""

from __future__ import annotations

import re

from automem_backends.rules.nethack import notes as wording
from automem_backends.rules.nethack.boxes import GOAL, is_boxoban, solution
from automem_backends.rules.nethack.compass import DIRECTIONS, STRAIGHT, Cell, beside, between
from automem_backends.rules.nethack.exploring import THINGS
from automem_backends.rules.nethack.ground import Ground
from automem_backends.rules.nethack.notes import Fact, Level, Moment
from automem_backends.rules.nethack.recall import Recall
from automem_backends.rules.nethack.screen import Screen
from automem_backends.rules.shelves import shelf_for

DONE = "<|DONE|>"
EVERY = 15
"""After so many steps the journal is added to the notes of the level."""
_IN_THE_WAY = (
    "solid stone", "It's a wall", "in vain", "cannot pass", "you cannot move past",
    "too narrow", "iron bars", "You cannot fit", "perhaps that's why",
)  # fmt: skip
_SHOP = ("losed for", "for inv", "nventory", "This shop")
"""Parts of what is written before the door of a shop that is closed."""
_PEACEFUL = re.compile(r"Really attack (?:the )?(?:peaceful )?([\w' -]+?)\?")
_TRAP = re.compile(r"\b(?:bear trap|web|land mine|You fall into a pit|teleportation trap)\b")
_KILLED = re.compile(r"You (?:kill|destroy) (?:the |an? )?([\w' -]+?)!")
_COUNT = re.compile(r"Count: (\d+)")


def log(known: Recall, luck: int) -> str:
    """The reply to a LOG prompt. Luck may leave out what the level's notes would gain."""
    moment = _moment(known)
    due = _due(known) and luck % 3 != 1
    if due:
        asked = [known.look_up("journal"), known.look_up("level")]
        if any(asked) and len(known.talk.said) < 2:
            return "\n".join(dict.fromkeys(question for question in asked if question))
    lines = _strategy(known, moment)
    if due:
        lines += _level(known, moment)
    journal = shelf_for(known.talk, "journal")
    if journal and journal.append:
        lines.append(journal.append.text(journal.file, wording.journal_line(moment)))
    return "\n".join([*lines, DONE])


def _due(known: Recall) -> bool:
    before, now = known.scene.before, known.scene.now
    left = before is not None and before.stats.depth != now.stats.depth
    return left or known.step % EVERY == 0


def _moment(known: Recall) -> Moment:
    now = known.scene.now
    found, fell = _PEACEFUL.search(now.message), _KILLED.search(now.message)
    return Moment(
        step=known.step,
        depth=now.stats.depth,
        at=now.at,
        action=known.scene.action,
        facts=tuple(dict.fromkeys(_facts(known))),
        peaceful=found[1] if found else "",
        killed=fell[1] if fell else "",
    )


def _facts(known: Recall) -> list[Fact]:
    """What the last action showed of the level."""
    scene, now = known.scene, known.scene.now
    before, action = scene.before, scene.action
    if not now.shows_map:
        return []
    goals = _goals(before) if known.step == 1 else []
    if before is None or before.stats.depth != now.stats.depth or not before.shows_map:
        return _stairs(now.find(">"), now.find("<"))
    fresh = [cell for cell in now.find(">") if before.char(cell) != ">"]
    facts = goals + _stairs(fresh, [cell for cell in now.find("<") if before.char(cell) != "<"])
    if now.at != before.at:
        facts += [Fact("walked", cell) for cell in between(before.at, now.at)[:-1]]
        if before.char(now.at) in "|-+":
            facts.append(Fact("doorway", now.at))
    else:
        facts += _in_place(known, before.message)
    # Beside an open door the text tells it from a wall; from afar the map may not.
    facts += [
        Fact("doorway", beside(now.at, name))
        for name, thing in now.names.items()
        if "open door" in thing and name in STRAIGHT and thing != before.names.get(name)
    ]
    if any(part in now.message for part in _SHOP):
        facts += [
            Fact("closed", cell)
            for cell in (beside(now.at, name) for name in STRAIGHT)
            if now.char(cell) == "+"
        ]
    for kind in ("down", "up"):
        if f"staircase {kind} here" in now.message:
            facts.append(Fact(kind, now.at))
    if _TRAP.search(now.message):
        facts.append(Fact("trap", now.at))
    if action == "search":
        count = _COUNT.search(before.message)
        facts.append(Fact("searched", now.at, int(count[1]) if count else 1))
    return facts


def _goals(first: Screen | None) -> list[Fact]:
    """Where boulders belong; a boulder that gets there hides it."""
    if first is None or not is_boxoban(first):
        return []
    return [Fact("goal", cell) for cell in first.find(GOAL)]


def _stairs(down: list[Cell], up: list[Cell]) -> list[Fact]:
    return [*(Fact("down", cell) for cell in down), *(Fact("up", cell) for cell in up)]


def _in_place(known: Recall, asked: str) -> list[Fact]:
    """What an action that did not move the character tells of the cell it was aimed at."""
    now, action = known.scene.now, known.scene.action
    direction = action.removeprefix("far ")
    if direction not in DIRECTIONS:
        return []
    target, message = beside(now.at, direction), now.message
    if "In what direction" in asked:
        return [Fact("kicked", target)] if now.char(target) == "+" else []
    if "door is locked" in message:
        return [Fact("locked", target)]
    if "diagonally" in message:
        return [Fact("doorway", now.at if "out of" in message else target)]
    if any(words in message for words in _IN_THE_WAY) and now.char(target) != " ":
        return [Fact("blocked", target)]
    return []


def _level(known: Recall, moment: Moment) -> list[str]:
    """Write down what is known of the level up to this step."""
    shelf = shelf_for(known.talk, "map")
    depth = known.depth
    if shelf is None or not (shelf.append or shelf.upsert) or not depth:
        return []
    level = Level({cell: dict(kinds) for cell, kinds in known.level.places.items()})
    if depth == moment.depth:
        for fact in (Fact("walked", moment.at), *moment.facts):
            level.add(fact)
        _forget_the_obvious(known, level)
    if shelf.upsert:
        stated = known.notes.stated.get(depth, Level()).places
        return [
            shelf.upsert.text(
                shelf.file,
                wording.place_key(depth, cell),
                wording.place_body(depth, moment.step, kinds),
            )
            for cell, kinds in level.places.items()
            if kinds != stated.get(cell)
        ]
    if level.places and shelf.append:
        return [shelf.append.text(shelf.file, wording.level_line(depth, moment.step, level))]
    return []


def _forget_the_obvious(known: Recall, level: Level) -> None:
    """That a place was walked matters only while something unknown borders on it."""
    now = known.scene.now
    if not now.shows_map:
        return
    ground = Ground(now, level)
    for cell in level.cells("walked"):
        if not ground.borders(cell) and now.char(cell) not in THINGS:
            del level.places[cell]["walked"]
            if not level.places[cell]:
                del level.places[cell]


def _strategy(known: Recall, moment: Moment) -> list[str]:
    """A prayer, or moves worked out ahead."""
    shelf = shelf_for(known.talk, "strategy")
    if shelf is None or not (shelf.append or shelf.write):
        return []
    lines: list[str] = []
    before = known.scene.before
    if before is not None and "want to pray" in before.message and known.scene.now.stats.turn:
        lines.append(wording.prayer_line(known.scene.now.stats.turn))
    lines += solution(known, moment)
    if shelf.append:
        return [shelf.append.text(shelf.file, line) for line in lines]
    return [shelf.write.text(shelf.file, "\n".join(lines))] if lines and shelf.write else []
