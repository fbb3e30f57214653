"""Screens drawn by hand in the wording of the game, and a memory of each scaffold to play at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from automem.scaffold.load import Scaffold, load_scaffold
from automem_envs.minihack.scaffolds import minihack_map, minihack_v0
from automem_envs.nethack.scaffolds import nethack_map, nethack_v0

FOLDERS = {
    "nethack-v0": nethack_v0,
    "nethack-map": nethack_map,
    "minihack-v0": minihack_v0,
    "minihack-map": minihack_map,
}
ACTIONS = (
    "north", "east", "south", "west", "northeast", "southeast", "southwest", "northwest",
    "far north", "far east", "far south", "far west", "far northeast", "far southeast",
    "far southwest", "far northwest", "up", "down", "apply", "eat", "esc", "fire", "kick", "more",
    "open", "pickup", "pray", "search", "zap", "1", "5", "f", "n", "y",
)  # fmt: skip


@pytest.fixture
def draw() -> Callable[..., str]:
    return _draw


def _draw(
    *rows: str,
    message: str = "",
    seen: str = "",
    top: int = 5,
    depth: int = 1,
    hp: int = 14,
    turn: int = 500,
    asks: bool = False,
    hunger: str = "",
) -> str:
    """An observation; `rows` are the map's from terminal row `top` on."""
    lines = [""] * 23
    for number, row in enumerate(rows):
        lines[top - 1 + number] = row
    lines[21] = "Agent the Digger   St:18 Dx:11 Co:18 In:9 Wi:9 Ch:8 Lawful"
    lines[22] = f"Dlvl:{depth} $:0 HP:{hp}(14) Pw:1(1) AC:7 Xp:1/0 T:{turn} {hunger}"
    x = y = 0
    for number, line in enumerate(lines):
        if "@" in line and not asks:
            x, y = line.index("@"), number + 1
    drawn = "\n".join(line.ljust(80) for line in lines)
    return (
        f"message:\n{message}\n\nlanguage observation:\n{seen}\n\n"
        f"cursor:\nYourself an archeologist\n(x={x}, y={y})\n\nmap:\n{drawn}\n\n"
    )


@pytest.fixture(params=["nethack-v0", "nethack-map"])
def table(request: pytest.FixtureRequest, make_table: Callable[..., Any]) -> Any:
    """An empty memory of each of the two NetHack scaffolds."""
    return make_table(load_scaffold(FOLDERS[request.param]()))


@pytest.fixture(params=["minihack-v0", "minihack-map"])
def scaffold(request: pytest.FixtureRequest) -> Scaffold:
    """Each of the two MiniHack scaffolds."""
    return load_scaffold(FOLDERS[request.param]())


@pytest.fixture
def act() -> Callable[..., str]:
    """Play PLAN on an observation; gives the action."""

    def plan(table: Any, observation: str, **scene: Any) -> str:
        scene = {"actions": ACTIONS, "status": "inventory:\na: a pick\n", "step": 1, **scene}
        reply = table.play("plan", observation=observation, **scene)
        assert reply.ending == "action"
        return reply.action

    return plan


@pytest.fixture
def note() -> Callable[..., None]:
    """Play LOG on an action between two observations."""

    def log(table: Any, before: str, action: str, now: str, step: int, **scene: Any) -> None:
        scene = {"actions": ACTIONS, "status": "inventory:\na: a pick\n", **scene}
        fields = {"previous_observation": before, "action": action, "observation": now}
        assert table.play("log", step=step, **fields, **scene).ending == "done"

    return log
