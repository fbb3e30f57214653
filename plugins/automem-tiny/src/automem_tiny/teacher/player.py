"""The teacher's replies: memory operations and actions, in the words of the terse scaffolds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from automem.records.model import Message
from automem_tiny.teacher.acting import act
from automem_tiny.teacher.recording import SOUGHT, Happened, next_state, roam, sights
from automem_tiny.teacher.state import State, read_state
from automem_tiny.teacher.view import Cell, View
from automem_tiny.teacher.wants import EVERYTHING, wanted

LOOK_BACK: Final = "<|SEARCH|>log.txt|@<|END|>"
_PLACE = re.compile(r"^(?:\d+: )?(?:([a-z]+) )?(-?\d+),(-?\d+)(?:\|([a-z]+))?$", re.MULTILINE)
NEAR: Final = 6


@dataclass(frozen=True, slots=True)
class Habits:
    """How the replies of one step are made."""

    consults: bool
    """PLAN looks up the state where it is not shown."""
    searches: bool
    """LOG looks up where it was and what it knows of a place, before it writes of either."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How a scaffold has the state and the places written."""

    keyed: bool
    state: str = "<|APPEND|>log.txt|{text}<|END|>"

    def place(self, kind: str, cell: Cell) -> str:
        """The operation that notes a place."""
        if self.keyed:
            return f"<|SET_PLACES|>{cell[0]},{cell[1]}|{kind}<|END|>"
        return f"<|APPEND|>places.txt|{kind} {cell[0]},{cell[1]}<|END|>"


def plan(talk: Sequence[Message], view: View, hour: int, habits: Habits, luck: Random) -> str:
    """The reply to a PLAN conversation."""
    if len(talk) > 2 and talk[-2].content.startswith("<|ACTION|>"):
        return talk[-2].content  # the memory role named it, and has handed over
    told = [message.content for message in talk if message.role == "user"]
    state = read_state(told)
    if state is None and len(told) == 1 and habits.consults:
        return LOOK_BACK
    return f"<|ACTION|>{act(view, hour, state, luck)}<|END|>"


def log(
    talk: Sequence[Message],
    told: Happened,
    words: Vocabulary,
    habits: Habits,
    luck: Random,
) -> str:
    """The reply to a LOG conversation."""
    texts = [message.content for message in talk if message.role == "user"]
    said = "\n".join(message.content for message in talk if message.role == "assistant")
    state = read_state(texts)
    sure = state is not None or LOOK_BACK in said
    if not sure and not habits.searches:
        return words.state.format(text=f"want {_guess(told)}") + "<|DONE|>"
    fresh = next_state(state or State(), told, luck)
    seen = sights(told, fresh.at)
    lost = sure and _lost(fresh, told.now)
    if habits.searches:
        questions = [_search(kind) for kind, _ in seen]
        if lost and fresh.want in SOUGHT:
            questions.insert(0, _search(fresh.want))
        asked = [one for one in dict.fromkeys(questions) if one not in said][:2]
        if not sure or (asked and "places.txt" not in said):
            return "\n".join(asked if sure else [LOOK_BACK, *asked[:1]])
    known = _known("\n".join(texts[1:]))
    if lost:
        target = known.get(fresh.want) if _search(fresh.want) in said else None
        far = target and abs(target[0] - fresh.at[0]) + abs(target[1] - fresh.at[1]) > 2
        went = state or State()
        fresh = replace(fresh, target=target) if far else roam(fresh, went, told.now, luck)
    lines = [words.place(kind, cell) for kind, cell in seen if _new(known.get(kind), cell)]
    return "\n".join([*lines, words.state.format(text=fresh.text()) + "<|DONE|>"])


def _guess(told: Happened) -> str:
    """What to want, by what stands in view alone."""
    return wanted(told.now, told.hour, EVERYTHING, "")


def _search(kind: str) -> str:
    return f"<|SEARCH|>places.txt|{kind}<|END|>"


def _lost(fresh: State, now: View) -> bool:
    """Whether nothing says where to go."""
    kind = "stone" if fresh.want == "den" else fresh.want
    if fresh.want not in {*SOUGHT, "cow", "den"} or fresh.go or fresh.target:
        return False
    if fresh.want == "table" and now.has("wood", 2):
        return False
    return kind not in now.things and now.front != kind


def _known(answers: str) -> dict[str, Cell]:
    """The last place that was found of each kind."""
    found: dict[str, Cell] = {}
    for kind, x, y, body in _PLACE.findall(answers):
        if kind or body:
            found[kind or body] = (int(x), int(y))
    return found


def _new(known: Cell | None, cell: Cell) -> bool:
    return known is None or max(abs(known[0] - cell[0]), abs(known[1] - cell[1])) > NEAR
