"""Crafter explained to a model; costs and requirements are read from the game's own data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ACTIONS: Final = (
    "Noop",
    "Move West",
    "Move East",
    "Move North",
    "Move South",
    "Do",
    "Sleep",
    "Place Stone",
    "Place Table",
    "Place Furnace",
    "Place Plant",
    "Make Wood Pickaxe",
    "Make Stone Pickaxe",
    "Make Iron Pickaxe",
    "Make Wood Sword",
    "Make Stone Sword",
    "Make Iron Sword",
)
"""In the order of crafter's own actions."""


def action_help(rules: Any) -> dict[str, str]:
    """One line for each action; `rules` is crafter's `constants`."""
    helped = {
        "Noop": "let one step pass",
        "Move West": "face west, and go there if the cell is free",
        "Move East": "face east, and go there if the cell is free",
        "Move North": "face north, and go there if the cell is free",
        "Move South": "face south, and go there if the cell is free",
        "Do": "act on what you face: collect, drink, eat, attack",
        "Sleep": "sleep until energy is full or something hurts you",
    }
    for name, rule in rules.place.items():
        action = f"Place {name.title()}"
        helped[action] = f"needs {_cost(rule['uses'])}; onto {_either(rule['where'])} that you face"
    for name, rule in rules.make.items():
        action = f"Make {_spaced(name).title()}"
        helped[action] = f"needs {_cost(rule['uses'])}; {_both(rule['nearby'])} near you"
    return helped


def instructions(rules: Any) -> str:
    """Goal, world, costs and dangers; `rules` is crafter's `constants`."""
    collecting = "\n".join(_collecting(name, rule) for name, rule in rules.collect.items())
    placing = "\n".join(
        f"- {name}: {_cost(rule['uses'])}, onto {_either(rule['where'])}"
        for name, rule in rules.place.items()
    )
    making = "\n".join(
        f"- {_spaced(name)}: {_cost(rule['uses'])}, with {_both(rule['nearby'])} near you"
        for name, rule in rules.make.items()
    )
    achievements = ", ".join(_spaced(name) for name in rules.achievements)
    most = rules.items["wood"]["max"]
    return f"""\
You play Crafter, a survival game on a map of 64 x 64 cells seen from above. Your goal is to \
unlock as many of its {len(rules.achievements)} achievements as you can before you die or time \
runs out; each counts once:
{achievements}.

What you are shown: the nearest thing of each kind within 4 cells west and east and 3 cells north \
and south of you, its distance counted in moves, the thing you face, your vitals and inventory. \
A second tree or a second cow is not mentioned, and nothing beyond that view is.

Moving turns you first and then moves you if the cell is free. Only {_either(rules.walkable)} can \
be walked on. Lava can be walked into, and kills. `Do` acts on the cell you face.

Collect by `Do`:
{collecting}

Place onto the free cell you face (uses up the material):
{placing}

Make (uses up the material; "near you" is a cell next to you, diagonals included):
{making}

You carry at most {most} of each thing.

Vitals go from 0 to {rules.items["health"]["max"]}. Food falls by 1 about every 26 steps, drink \
about every 21, energy about every 31 while awake. While one of them is 0 your health falls; \
otherwise it slowly recovers. At health 0 you die and the game is over.
- Food: attack a cow with `Do` until it falls (+6), or eat a ripe plant with `Do` (+4). A planted \
sapling ripens after 300 steps, which only count while you are within 17 moves of it, and is \
destroyed if a cow, zombie or skeleton stands beside it.
- Drink: `Do` facing water (+1 each time).
- Energy: `Sleep` while energy is not full. You sleep until it is, and cannot act before; being \
hurt wakes you. Waking up rested is an achievement.

Zombies live on grass and are many in the dark; they hit hard, and much harder while you sleep. \
Skeletons live in dark tunnels and shoot arrows. Fight both with `Do` while you face them; a \
sword makes each hit count for more. Before you sleep, close yourself in: put stones on every \
side, or dig into rock."""


def _collecting(name: str, rule: Mapping[str, Any]) -> str:
    gains = _cost(rule["receive"])
    needs = _both([_spaced(tool) for tool in rule["require"]]) if rule["require"] else "nothing"
    chance = f", in about {rule['probability']:.0%} of tries" if "probability" in rule else ""
    return f"- {name}: gives {gains}{chance}; needs {needs}"


def _cost(uses: Mapping[str, int]) -> str:
    return " and ".join(f"{count} {_spaced(name)}" for name, count in uses.items())


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _both(names: list[str]) -> str:
    return " and ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names)


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
