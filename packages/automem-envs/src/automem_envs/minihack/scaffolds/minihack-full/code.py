"""What minihack-full adds to a model: a status file, the map read out, ways, warnings, a guard.

`remember` keeps the status file and notes steps that LOG left out; what else is worth keeping is
the model's to decide. `perceive` says what follows from the screen: what lies around, the way to
the stairs, where nobody has been. `guard` refuses what cannot work and repairs spellings.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any

Context = dict[str, Any]
Cell = tuple[int, int]
Screen = dict[str, Any]
"""One observation, parsed: message, rows, at, numbers, beside."""

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
FOLDED = {"go", "walk", "move", "step", "run", "head"}
MOST_CELLS = 800

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
    "experience": re.compile(r"Xp:(\d+)"),
}
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
    state: Context = context["state"] or {"level": 0, "cells": {}, "recent": []}
    if not asked(now):
        _visit(state, now)
    state["recent"] = [*state["recent"], [context["action"], *now["at"]]][-8:]
    vitals = ", ".join(f"{name} {value}" for name, value in now["numbers"].items())
    text = f"Numbers: {vitals or 'unknown'}"
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
    visited: dict[str, int] = context["remembered"].get("cells", {})
    slots |= {
        "urgent": " ".join(_urgent(now)),
        "counters": _counted(context),
        "around": _around(now),
        "ways": _ways(now, visited),
        "places": _places(now, visited),
    }
    return {"slots": slots, "notices": _stuck(context)}


def _changes(before: Screen, now: Screen) -> str:
    words = {"hp": "health", "experience": "experience level", "level": "depth"}
    parts: list[str] = []
    for name, word in words.items():
        was, is_now = before["numbers"].get(name), now["numbers"].get(name)
        if was is not None and is_now is not None and was != is_now:
            parts.append(f"{word} {is_now - was:+d}")
    return f"Changed: {', '.join(parts)}." if parts else ""


def _urgent(now: Screen) -> list[str]:
    """Warnings at thresholds, the worst first."""
    told: list[str] = []
    hp, most = now["numbers"].get("hp", 1), now["numbers"].get("most", 1)
    if hp * 3 < most:
        told.append(f"Health is {hp} of {most}; fight in a corridor, or keep away.")
    x, y = now["at"]
    for way, (dx, dy) in COMPASS.items():
        sign = char(now, (x + dx, y + dy))
        if sign.isalpha() and sign != "@":
            name = now["beside"].get(way, sign)
            told.append(f"A creature ({name}) is to the {way}.")
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
    """Refuse what did nothing just now, repair a spelling, and act where nothing was committed."""
    now = screen(context["observation"])
    if action is None:
        fresh = _way_on(now, context["remembered"].get("cells", {}))
        return {"replace": fresh if fresh in context["actions"] else "search"}
    if not context["accepted"]:
        meant = _meant(action, context["actions"])
        if meant is None:
            there = ", ".join(context["actions"])
            return {"reject": f"There is no such action. There are: {there}."}
        return {"replace": meant}
    name = context["executed"]
    again = context["counters"]["unchanged"] > 0 and name == context["action"]
    if again and name in COMPASS and not asked(now):
        return {"reject": f"{name} changed nothing just now; the way is blocked."}
    return None


def _way_on(now: Screen, visited: dict[str, int]) -> str:
    """The first step to the stairs, else to the nearest floor that was not visited."""
    reached = [(steps, way, at) for at, (steps, way) in _search(now).items() if steps]
    down = [(steps, way) for steps, way, at in reached if char(now, at) == ">"]
    fresh = [(steps, way) for steps, way, (x, y) in reached if f"{x},{y}" not in visited]
    return min(down or fresh, default=(0, ""))[1]


def _meant(said: str, actions: list[str]) -> str | None:
    """The action that was meant: other words around it, or `go north` for `north`."""
    text = said.lower().strip("`'\". ")
    if text in actions:
        return text
    words: list[str] = re.findall(r"[a-z]+", text)
    found = [word for word in words if word in actions and len(word) > 1 and word not in FOLDED]
    return found[0] if len(set(found)) == 1 else None
