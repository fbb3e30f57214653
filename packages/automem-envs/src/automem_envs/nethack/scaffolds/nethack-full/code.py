"""What nethack-full adds to a model: a status file, the map read out, ways, warnings, a guard.

`remember` keeps the status file and notes steps that LOG left out; what else is worth keeping is
the model's to decide. `perceive` says what follows from the screen, and asks another prompt for
while the game waits for an answer. `guard` refuses what cannot work and repairs spellings.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

Context = dict[str, Any]
Cell = tuple[int, int]
Screen = dict[str, Any]
"""One observation, parsed: message, rows, at, numbers, hunger, beside."""

COMPASS: dict[str, Cell] = {
    "north": (0, -1),
    "northeast": (1, -1),
    "east": (1, 0),
    "southeast": (1, 1),
    "south": (0, 1),
    "southwest": (-1, 1),
    "west": (-1, 0),
    "northwest": (-1, -1),
}
FLOOR = frozenset('.#<>_{^$)[%!?/="(*')
WALLS = frozenset("|-")
DEADLY = ("floating eye", "cockatrice", "acid blob", "blue jelly")
FOLDED = {"go", "walk", "move", "step", "run", "head"}
MOST_CELLS = 400

_MAP = re.compile(r"\nmap:\n([\s\S]*)\Z")
_CURSOR = re.compile(r"\(x=(\d+), y=(\d+)\)")
_MESSAGE = re.compile(r"message:\n([\s\S]*?)\n\nlanguage observation:")
_BESIDE = re.compile(
    r"^(.*?) (?:1 step away|adjacent)(?: \(directly reachable\))? ([a-z, ]+)$", re.MULTILINE
)
_NUMBER = {
    "level": re.compile(r"Dlvl:(\d+)"),
    "hp": re.compile(r"HP:(-?\d+)\("),
    "most": re.compile(r"HP:-?\d+\((\d+)\)"),
    "gold": re.compile(r"\$:(\d+)"),
    "experience": re.compile(r"Xp:(\d+)"),
    "turn": re.compile(r"\bT:(\d+)"),
}
_HUNGER = re.compile(r"\b(Hungry|Weak|Fainting)\b")
_ASKS = re.compile(r"\?\s*(?:\[[^\]]*\].*)?$|\[[^\]]+\]\s*(?:\(.\))?\s*$|--More--")


def char(now: Screen, cell: Cell) -> str:
    """What the map shows at a place, counted as the cursor is."""
    rows: list[str] = now["rows"]
    x, y = cell[0], cell[1] - 1
    return rows[y][x] if 0 <= y < len(rows) and 0 <= x < len(rows[y]) else " "


def screen(observation: str) -> Screen:
    """Read a text as the game writes it; rows of the map begin at terminal row 1."""
    found = _MAP.search(observation)
    lines = found[1].split("\n") if found else []
    bottom = min([n for n, line in enumerate(lines) if "Dlvl:" in line], default=len(lines))
    cursor, message = _CURSOR.search(observation), _MESSAGE.search(observation)
    below = "\n".join(lines[max(0, bottom - 1) :])
    hunger = _HUNGER.search(below)
    beside: dict[str, str] = {}
    for name, where in _BESIDE.findall(observation):
        beside |= {way: name for way in re.findall(r"[a-z]+", where) if way in COMPASS}
    return {
        "message": message[1].strip("\0\n ") if message else "",
        "rows": lines[: max(0, bottom - 1)],
        "at": (int(cursor[1]), int(cursor[2])) if cursor else (0, 0),
        "numbers": {
            name: int(one[1]) for name, rule in _NUMBER.items() if (one := rule.search(below))
        },
        "hunger": hunger[1] if hunger else "",
        "beside": beside,
    }


def asked(now: Screen) -> str:
    """The question that the game waits with; empty if it waits with none."""
    return now["message"] if now["at"][1] == 0 or _ASKS.search(now["message"]) else ""


def remember(context: Context) -> Context | None:
    """Keep the status file; note a step of which LOG wrote nothing."""
    if context["moment"] == "logged":
        if context["counters"]["log_writes"]:
            return None
        text = f"Step {context['step']}: {context['action']}, not noted (added by code)."
        return {"writes": [{"file": "log.txt", "mode": "append", "text": text}]}
    now = screen(context["observation"])
    state: Context = context["state"] or {"level": 0, "cells": {}, "recent": [], "prayed": -1}
    if not asked(now):
        _visit(state, now)
    if "You begin praying" in now["message"] or "You feel that" in now["message"]:
        state["prayed"] = now["numbers"].get("turn", 0)
    state["recent"] = [*state["recent"], [context["action"], *now["at"]]][-8:]
    numbers: dict[str, int] = now["numbers"]
    vitals = ", ".join(f"{name} {value}" for name, value in numbers.items() if name != "turn")
    hunger = now["hunger"] or "not hungry"
    text = f"Numbers: {vitals or 'unknown'}\nState: {hunger}"
    if state["prayed"] >= 0:
        text += f"\nPrayed in turn {state['prayed']}"
    routine = context["step"] and context["counters"]["unchanged"] == 0 and not now["message"]
    notices = ["Routine: no message, nothing new. One line at most, or just <|DONE|>."]
    return {
        "writes": [{"file": "status.txt", "mode": "write", "text": text}],
        "notices": notices if routine and not context["events"] else [],
        "state": state,
    }


def _visit(state: Context, now: Screen) -> None:
    level = now["numbers"].get("level", 0)
    if level != state["level"]:
        state |= {"level": level, "cells": {}}
    x, y = now["at"]
    key = f"{x},{y}"
    cells: dict[str, int] = state["cells"]
    cells[key] = cells.pop(key, 0) + 1
    while len(cells) > MOST_CELLS:
        cells.pop(next(iter(cells)))


def perceive(context: Context) -> Context:
    """Say what follows from the screen: what is urgent, what changed, where ways lead."""
    now, before = screen(context["observation"]), screen(context["previous_observation"])
    slots = {"changes": _changes(before, now) if context["step"] else ""}
    if context["moment"] == "log":
        return {"slots": slots}
    question = asked(now)
    if question:
        return {"slots": {**slots, "question": question[:500]}, "prompt": "plan_question"}
    visited: dict[str, int] = context["remembered"].get("cells", {})
    slots |= {
        "urgent": " ".join(_urgent(context, now)),
        "counters": _counted(context),
        "around": _around(now),
        "ways": _ways(now, visited),
        "places": _places(now, visited),
    }
    return {"slots": slots, "notices": _stuck(context)}


def _changes(before: Screen, now: Screen) -> str:
    words = {"hp": "health", "gold": "gold", "experience": "experience level", "level": "depth"}
    parts: list[str] = []
    for name, word in words.items():
        was, is_now = before["numbers"].get(name), now["numbers"].get(name)
        if was is not None and is_now is not None and was != is_now:
            parts.append(f"{word} {is_now - was:+d}")
    if now["hunger"] != before["hunger"]:
        hunger = now["hunger"] or "not hungry"
        parts.append(f"now {hunger}")
    return f"Changed: {', '.join(parts)}." if parts else ""


def _urgent(context: Context, now: Screen) -> list[str]:
    """Warnings at thresholds, the worst first."""
    told: list[str] = []
    hp, most = now["numbers"].get("hp", 1), now["numbers"].get("most", 1)
    prayed, turn = context["remembered"].get("prayed", -1), now["numbers"].get("turn", 0)
    may_pray = turn > 300 and (prayed < 0 or turn - prayed > 1000)
    if hp * 7 < most or hp < 6:
        told.append(f"Health is {hp} of {most}" + ("; praying may help." if may_pray else "."))
    elif hp * 3 < most:
        told.append(f"Health is {hp} of {most}; flee or rest.")
    hunger = now["hunger"]
    if hunger:
        told.append(f"You are {hunger}; eat" + (" or pray." if hunger != "Hungry" else "."))
    for way, name in now["beside"].items():
        if any(word in name for word in DEADLY):
            told.append(f"Do not touch the {name} to the {way}.")
    return told


def _counted(context: Context) -> str:
    counts = context["counters"]
    told = {"without effect": counts["unchanged"], "without progress": counts["since_event"]}
    shown = [f"{count} {name}" for name, count in told.items() if count >= 3]
    return f"Counted: {', '.join(shown)}." if shown else ""


def _kind(now: Screen, cell: Cell) -> str:
    sign = char(now, cell)
    if sign in FLOOR:
        return "free"
    if sign in WALLS:
        return "wall or door"
    if sign == "+":
        return "closed door"
    if sign == "`":
        return "boulder"
    return "unknown or rock" if sign == " " else f"creature {sign}"


def _around(now: Screen) -> str:
    x, y = now["at"]
    kinds: dict[str, list[str]] = {}
    for way, (dx, dy) in COMPASS.items():
        kinds.setdefault(now["beside"].get(way) or _kind(now, (x + dx, y + dy)), []).append(way)
    return "\n".join(f"{kind}: {', '.join(ways)}" for kind, ways in kinds.items())


def _search(now: Screen) -> dict[Cell, tuple[int, str]]:
    """Every floor cell that can be walked to -> steps, and the first direction."""
    reached: dict[Cell, tuple[int, str]] = {now["at"]: (0, "")}
    left = deque([now["at"]])
    while left:
        cell = left.popleft()
        steps, first = reached[cell]
        for way, (dx, dy) in COMPASS.items():
            to = (cell[0] + dx, cell[1] + dy)
            if to not in reached and char(now, to) in FLOOR:
                reached[to] = (steps + 1, first or way)
                left.append(to)
    return reached


def _ways(now: Screen, visited: dict[str, int]) -> str:
    """The first steps to the stairs, and to the nearest floor beside the unknown."""
    reached = _search(now)
    told: list[str] = []
    for sign, name in ((">", "stairs down"), ("<", "stairs up")):
        ends = [(steps, way) for at, (steps, way) in reached.items() if char(now, at) == sign]
        if ends:
            steps, way = min(ends)
            told.append(f"{name}: {steps} steps, first {way or 'here'}")
    edges = [
        (steps, way)
        for (x, y), (steps, way) in reached.items()
        if f"{x},{y}" not in visited
        and any(char(now, (x + dx, y + dy)) == " " for dx, dy in COMPASS.values())
    ]
    if edges:
        steps, way = min(edges)
        told.append(f"floor beside the unknown: {steps} steps, first {way}")
    return "\n".join(told)


def _places(now: Screen, visited: dict[str, int]) -> str:
    x, y = now["at"]
    fresh = [
        way
        for way, (dx, dy) in COMPASS.items()
        if char(now, (x + dx, y + dy)) in FLOOR and f"{x + dx},{y + dy}" not in visited
    ]
    here = visited.get(f"{x},{y}", 0)
    told = f"{len(visited)} cells of this level visited, this one {here} times."
    return f"{told} Not visited: {', '.join(fresh)}." if fresh else told


def _stuck(context: Context) -> list[str]:
    """To and fro between two cells, or one action that does nothing."""
    recent: list[list[Any]] = context["remembered"].get("recent", [])
    places = [(x, y) for _, x, y in recent]
    if len(places) == 8 and len(set(places)) == 2 and places[-1] != places[-2]:
        return ["You go to and fro between two cells. Choose another direction or another goal."]
    if context["counters"]["unchanged"] >= 3 and len({one[0] for one in recent[-3:]}) == 1:
        return [f"{recent[-1][0]} did nothing three times. Do something else."]
    return []


def guard(context: Context, action: str | None) -> Context | None:
    """Refuse what cannot work, repair a spelling, and act where nothing was committed."""
    now = screen(context["observation"])
    question = asked(now)
    if action is None:
        return {"replace": "esc" if question else "search"}
    if "--More--" in now["message"] and action not in ("more", "esc", "space"):
        return {"replace": "more"}
    if not context["accepted"]:
        meant = _meant(action, context["actions"])
        if meant is None:
            return {"reject": "There is no such action; use a word of the list of actions."}
        return {"replace": meant}
    why = _unanswered(question, context["executed"]) or _futile(context, now, question)
    return {"reject": why} if why else None


def _unanswered(question: str, name: str) -> str:
    if "In what direction" in question and name.startswith("far "):
        return "The game asks for a direction: one of the eight, up, down, or esc."
    if "[yn" in question and name not in ("y", "n", "q", "esc", "more", "space"):
        return "The game asks for y or n; esc leaves the question."
    return ""


def _futile(context: Context, now: Screen, question: str) -> str:
    name = context["executed"]
    if question:
        return ""
    if name == "down" and now["beside"] and char(now, now["at"]) not in "@>":
        return "There are no stairs down here."
    there = now["beside"].get(name, "")
    if any(word in there for word in DEADLY):
        return f"That would attack the {there} by hand, which harms you."
    prayed, turn = context["remembered"].get("prayed", -1), now["numbers"].get("turn", 0)
    if name == "pray" and 0 < turn <= 300:
        return "It is too early in the game; a god answers after turn 300 or so."
    if name == "pray" and prayed >= 0 and turn - prayed < 800:
        return f"You prayed in turn {prayed}; so soon again makes the god angry."
    return ""


def _meant(said: str, actions: list[str]) -> str | None:
    """The action that was meant: other words around it, or `go north` for `north`."""
    text = said.lower().strip("`'\". ")
    if text in actions:
        return text
    words: list[str] = re.findall(r"[a-z]+", text)
    found = [word for word in words if word in actions and len(word) > 1 and word not in FOLDED]
    return found[0] if len(set(found)) == 1 else None
