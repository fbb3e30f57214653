"""What crafter-full adds to a model: a status file, warnings, a craft planner, a guard.

`remember` keeps the status file and notes steps that LOG left out; what else is worth keeping is
the model's to decide. `perceive` reads vitals, inventory and surroundings out of the text and says
what follows from them. `guard` refuses what cannot work and repairs what was misspelt.
"""

from __future__ import annotations

import re
from typing import Any

Context = dict[str, Any]
Cell = tuple[int, int]
View = dict[str, Any]
"""One observation and status, parsed: things, front, vitals, items, sleeping."""

DIRECTIONS: dict[str, Cell] = {"West": (-1, 0), "East": (1, 0), "North": (0, -1), "South": (0, 1)}
BACK = {
    "Move West": "Move East",
    "Move East": "Move West",
    "Move North": "Move South",
    "Move South": "Move North",
}
WALKABLE = {"grass", "sand", "path"}
MOVING = {"cow", "zombie", "skeleton", "arrow"}
NEEDS: dict[str, tuple[dict[str, int], str]] = {
    "Place Stone": ({"stone": 1}, ""),
    "Place Table": ({"wood": 1}, ""),
    "Place Furnace": ({"stone": 1}, "table"),
    "Place Plant": ({"sapling": 1}, ""),
    "Make Wood Pickaxe": ({"wood": 1}, "table"),
    "Make Wood Sword": ({"wood": 1}, "table"),
    "Make Stone Pickaxe": ({"wood": 1, "stone": 1}, "table"),
    "Make Stone Sword": ({"wood": 1, "stone": 1}, "table"),
    "Make Iron Pickaxe": ({"wood": 1, "coal": 1, "iron": 1}, "furnace"),
    "Make Iron Sword": ({"wood": 1, "coal": 1, "iron": 1}, "furnace"),
}
TOOLS = ("Wood Pickaxe", "Wood Sword", "Stone Pickaxe", "Stone Sword", "Iron Pickaxe", "Iron Sword")
SOUGHT = ("water", "tree", "table", "furnace", "coal", "iron", "diamond")
AREA = 8
START: Context = {"x": 0, "y": 0, "facing": "South"}
FOLDED = {
    "go": "move",
    "walk": "move",
    "step": "move",
    "craft": "make",
    "build": "place",
    "put": "place",
}

_THING = re.compile(r"^- ([a-z-]+) (\d+) steps? to your ([a-z-]+)", re.MULTILINE)
_FRONT = re.compile(r"You face ([^\n]*?) at your front")
_VITAL = re.compile(r"^- (health|food|drink|energy): (\d+)", re.MULTILINE)
_ITEM = re.compile(r"^- ([a-z_]+): (\d+)$", re.MULTILINE)
_PLACE = re.compile(r"^(-?\d+),(-?\d+)\|([a-z]+)", re.MULTILINE)


def view(observation: str, status: str) -> View:
    """Read a text as the game writes it."""
    things = {kind: (int(steps), where) for kind, steps, where in _THING.findall(observation)}
    front = _FRONT.search(observation)
    held = status.partition("Your inventory:")[2]
    return {
        "things": things,
        "front": front[1].strip() if front else "",
        "vitals": {name: int(value) for name, value in _VITAL.findall(status)},
        "items": {name: int(count) for name, count in _ITEM.findall(held)},
        "sleeping": "You are sleeping" in observation,
    }


def remember(context: Context) -> Context | None:
    """Keep the status file; note a step of which LOG wrote nothing."""
    if context["moment"] == "logged":
        return _left_out(context)
    state = _whereabouts(context)
    seen = view(context["observation"], context["status"])
    lines = [
        "Vitals: " + ", ".join(f"{name} {value}" for name, value in seen["vitals"].items()),
        "Carried: " + (", ".join(f"{n} {c}" for n, c in seen["items"].items()) or "nothing"),
        f"Reckoned place: {state['x']},{state['y']} looking {state['facing'].lower()}",
    ]
    notices: list[str] = []
    if context["step"] and not _differs(context) and not context["events"]:
        notices.append("Routine: nothing new happened. One line at most, or just <|DONE|>.")
    write = {"file": "status.txt", "mode": "write", "text": "\n".join(lines)}
    return {"writes": [write], "notices": notices, "state": state}


def _left_out(context: Context) -> Context | None:
    if context["counters"]["log_writes"]:
        return None
    came_of_it = "nothing to be seen" if not _differs(context) else "not noted"
    text = f"Step {context['step']}: {context['action']}, {came_of_it} (added by code)."
    return {"writes": [{"file": "log.txt", "mode": "append", "text": text}]}


def _differs(context: Context) -> bool:
    before = (context["previous_observation"], context["previous_status"])
    return before != (context["observation"], context["status"])


def _whereabouts(context: Context) -> Context:
    """Dead reckoning. A Move turns first, and goes on if the cell is free."""
    state: Context = context["state"] or dict(START, visits={}, recent=[])
    name = context["action"].removeprefix("Move ")
    if context["step"] and name in DIRECTIONS:
        before = view(context["previous_observation"], context["previous_status"])
        now = view(context["observation"], context["status"])
        if not now["sleeping"] and _moved(before, now, turned=state["facing"] != name):
            state["x"] += DIRECTIONS[name][0]
            state["y"] += DIRECTIONS[name][1]
        state["facing"] = name
    area = f"{(state['x'] + AREA // 2) // AREA},{(state['y'] + AREA // 2) // AREA}"
    state["visits"][area] = state["visits"].get(area, 0) + 1
    state["recent"] = [*state["recent"], context["action"]][-8:]
    return state


def _moved(before: View, now: View, *, turned: bool) -> bool:
    """What was faced tells; where nobody looked before, what stands around changed its place.

    Who was stopped faces what stopped it, unless that has legs.
    """
    if not turned:
        return before["front"] in WALKABLE
    crowded = any(before["things"].get(kind, (99, ""))[0] <= 2 for kind in MOVING)
    return _standing(before) != _standing(now) or (now["front"] in WALKABLE and not crowded)


def _standing(seen: View) -> dict[str, tuple[int, str]]:
    """What stays where it is; ground does not count, because a creature may stand on it."""
    return {kind: at for kind, at in seen["things"].items() if kind not in MOVING | WALKABLE}


def perceive(context: Context) -> Context:
    """Say what follows from the text: what is urgent, what changed, what is next."""
    now = view(context["observation"], context["status"])
    before = view(context["previous_observation"], context["previous_status"])
    state = dict(context["state"])
    counters = _counted(context, state, before, now)
    slots = {"changes": _changes(before, now) if context["step"] else ""}
    if context["moment"] == "plan":
        slots |= {
            "urgent": " ".join(_urgent(context, now)),
            "counters": counters,
            "craft": _craft(now),
            "places": _places(context["remembered"]),
            "known": _known(context, now),
        }
    return {"slots": slots, "notices": _stuck(context), "state": state}


def _counted(context: Context, state: Context, before: View, now: View) -> str:
    """Steps without gain, and crafts that made nothing; counted once a step, before LOG."""
    if context["moment"] == "log" and context["step"]:
        gained = bool(_gains(before["items"], now["items"])) or bool(context["events"])
        state["no_gain"] = 0 if gained else state.get("no_gain", 0) + 1
        made = context["action"].startswith(("Make", "Place"))
        failed = made and before["items"] == now["items"]
        state["failed"] = state.get("failed", 0) + 1 if failed else 0
    idle = context["counters"]["unchanged"]
    counts = {"without effect": idle, "without gain": state.get("no_gain", 0)}
    counts["failed crafts in a row"] = state.get("failed", 0)
    told = [f"{count} {name}" for name, count in counts.items() if count >= 3]
    return f"Counted: {', '.join(told)}." if told else ""


def _gains(before: dict[str, int], now: dict[str, int]) -> list[str]:
    more = {name: count - before.get(name, 0) for name, count in now.items()}
    return [f"{name} +{by}" for name, by in more.items() if by > 0]


def _changes(before: View, now: View) -> str:
    """Gained, lost, and how the vitals moved."""
    parts: list[str] = []
    if gained := _gains(before["items"], now["items"]):
        parts.append(f"Gained: {', '.join(gained)}.")
    if lost := _gains(now["items"], before["items"]):
        parts.append(f"Used up: {', '.join(lost).replace('+', '-')}.")
    moved = {
        name: value - before["vitals"].get(name, value)
        for name, value in now["vitals"].items()
        if value != before["vitals"].get(name, value)
    }
    hurt = moved.pop("health", 0)
    if hurt < 0:
        parts.append(f"Damage: {-hurt} health.")
    if moved:
        parts.append(f"Vitals: {', '.join(f'{name} {by:+d}' for name, by in moved.items())}.")
    return " ".join(parts)


def _urgent(context: Context, now: View) -> list[str]:
    """Warnings at thresholds, the worst first."""
    told: list[str] = []
    vitals = now["vitals"]
    if vitals.get("health", 9) <= 3:
        told.append(f"Health is {vitals['health']}; keep away from harm.")
    for kind in ("zombie", "skeleton", "arrow"):
        steps, where = now["things"].get(kind, (99, ""))
        if steps <= 3:
            told.append(f"A {kind} is {steps} away to the {where}.")
    if now["front"] == "lava" or now["things"].get("lava", (99, ""))[0] <= 1:
        told.append("Lava is beside you.")
    for name, what in (("drink", "water"), ("food", "a cow"), ("energy", "a walled-in place")):
        if vitals.get(name, 9) <= 3:
            told.append(f"{name.capitalize()} is {vitals[name]}; make for {what}.")
    if context["step"] % 300 in range(150, 180) and not now["sleeping"]:
        told.append("It is getting dark; get walled in.")
    return told


def _craft(now: View) -> str:
    """The next tool that is not carried, and what is missing for it."""
    for tool in TOOLS:
        if now["items"].get(tool.lower().replace(" ", "_")):
            continue
        needed, near = NEEDS[f"Make {tool}"]
        missing = [f"{c} {m}" for m, c in needed.items() if now["items"].get(m, 0) < c]
        if near and now["things"].get(near, (99, ""))[0] > 2:
            missing.append(f"a {near} near you")
        told = f"still missing {', '.join(missing)}" if missing else "can be made now"
        return f"{tool}: {told}."
    return ""


def _places(remembered: Context) -> str:
    """Where the player has been, and the nearest areas where it has not, by reckoning."""
    visits: dict[str, int] = remembered.get("visits", {})
    if not visits:
        return ""
    x = (remembered["x"] + AREA // 2) // AREA
    y = (remembered["y"] + AREA // 2) // AREA
    near = {"west": (x - 1, y), "east": (x + 1, y), "north": (x, y - 1), "south": (x, y + 1)}
    unseen = [name for name, (a, b) in near.items() if f"{a},{b}" not in visits]
    here = visits.get(f"{x},{y}", 0)
    told = f"{len(visits)} areas of {AREA} by {AREA} cells visited, {here} steps in this one."
    return f"{told} Not visited: {', '.join(unseen)}." if unseen else told


def _known(context: Context, now: View) -> str:
    """The way to the nearest noted place of each kind that is out of sight."""
    here = context["remembered"]
    if not here:
        return ""
    best: dict[str, tuple[int, int, int]] = {}
    for x, y, kind in _PLACE.findall(context["files"].get("map.txt", "")):
        if kind in SOUGHT and kind not in now["things"]:
            dx, dy = int(x) - here["x"], int(y) - here["y"]
            best[kind] = min(best.get(kind, (999, 0, 0)), (abs(dx) + abs(dy), dx, dy))
    return "\n".join(f"{kind}: {_way(dx, dy)}" for kind, (_, dx, dy) in sorted(best.items()))


def _way(dx: int, dy: int) -> str:
    parts = [f"{abs(dx)} {'west' if dx < 0 else 'east'}"] if dx else []
    parts += [f"{abs(dy)} {'north' if dy < 0 else 'south'}"] if dy else []
    return " and ".join(parts) or "here"


def _stuck(context: Context) -> list[str]:
    """Going to and fro, or the same again and again with nothing to show for it."""
    recent: list[str] = context["remembered"].get("recent", [])
    if context["moment"] != "plan" or len(recent) < 6:
        return []
    one, two = recent[-2:]
    if BACK.get(one) == two and recent[-6:] == [one, two] * 3:
        return ["You go to and fro between two cells. Choose another direction or another goal."]
    if len(set(recent[-4:])) == 1 and context["counters"]["unchanged"] >= 4:
        return [f"You did the same four times, and nothing changed. Leave {one} alone for now."]
    return []


def guard(context: Context, action: str | None) -> Context | None:
    """Refuse what cannot work, repair a spelling, and act where nothing was committed."""
    now = view(context["observation"], context["status"])
    if action is None:
        useful = "Do" if now["front"] == "water" else "Noop"
        return {"replace": "Sleep" if now["sleeping"] else useful}
    if not context["accepted"]:
        meant = _meant(action, context["actions"])
        if meant is None:
            there = ", ".join(context["actions"])
            return {"reject": f"There is no such action. There are: {there}."}
        return {"replace": meant}
    name = context["executed"]
    if now["front"] == "water" and now["vitals"].get("drink", 9) <= 1 and name.startswith("Move"):
        return {"replace": "Do"}
    why = _futile(name, now, context)
    return {"reject": why} if why else None


def _futile(name: str, now: View, context: Context) -> str:
    facing = context["remembered"].get("facing", "")
    if now["sleeping"]:
        return ""
    if now["front"] == "lava" and name == f"Move {facing}":
        return "You face lava, and it kills."
    if name not in NEEDS:
        return ""
    needed, near = NEEDS[name]
    missing = [f"{c} {m}" for m, c in needed.items() if now["items"].get(m, 0) < c]
    if missing:
        return f"It needs {', '.join(missing)} more than you carry."
    if near and now["things"].get(near, (99, ""))[0] > 3:
        return f"It needs a {near} near you, and none is in sight."
    return ""


def _meant(said: str, actions: list[str]) -> str | None:
    """The action that was meant: other words for it, or a part of its name."""
    said_words: list[str] = re.findall(r"[a-z]+", said.lower())
    words = [FOLDED.get(word, word) for word in said_words]
    text = " ".join(words)
    found = [name for name in actions if name.lower() in text or name.lower().endswith(f" {text}")]
    return found[0] if len(found) == 1 else None
