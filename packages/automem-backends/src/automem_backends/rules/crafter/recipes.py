"""What the player knows of Crafter's rules: costs, requirements, what can be walked on."""

from __future__ import annotations

from dataclasses import dataclass

WALKABLE = frozenset({"grass", "sand", "path"})
CREATURES = frozenset({"zombie", "skeleton", "cow", "arrow"})
MINED = frozenset({"stone", "coal", "iron", "diamond"})
"""Materials that leave a path when they are collected."""
LANDMARKS = frozenset({"water", "table", "furnace", "coal", "iron", "diamond", "tree", "stone"})
RARE = frozenset({"table", "furnace", "coal", "iron", "diamond"})

TABLE_WOOD = 2
FURNACE_STONE = 4
AREA_HALF = 32
"""The world reaches this far from the start in each direction."""
DAY_STEPS = 300

ACHIEVEMENTS = frozenset(
    {
        "collect_coal", "collect_diamond", "collect_drink", "collect_iron", "collect_sapling",
        "collect_stone", "collect_wood", "defeat_skeleton", "defeat_zombie", "eat_cow",
        "eat_plant", "make_iron_pickaxe", "make_iron_sword", "make_stone_pickaxe",
        "make_stone_sword", "make_wood_pickaxe", "make_wood_sword", "place_furnace",
        "place_plant", "place_stone", "place_table", "wake_up",
    }
)  # fmt: skip

PICKAXE_FOR = {
    "stone": "wood_pickaxe",
    "coal": "wood_pickaxe",
    "iron": "stone_pickaxe",
    "diamond": "iron_pickaxe",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What making a tool takes besides standing next to a table."""

    action: str
    uses: tuple[tuple[str, int], ...]
    furnace: bool = False


TOOLS = {
    "wood_pickaxe": Recipe("Make Wood Pickaxe", (("wood", 1),)),
    "wood_sword": Recipe("Make Wood Sword", (("wood", 1),)),
    "stone_pickaxe": Recipe("Make Stone Pickaxe", (("wood", 1), ("stone", 1))),
    "stone_sword": Recipe("Make Stone Sword", (("wood", 1), ("stone", 1))),
    "iron_pickaxe": Recipe(
        "Make Iron Pickaxe", (("wood", 1), ("coal", 1), ("iron", 1)), furnace=True
    ),
    "iron_sword": Recipe("Make Iron Sword", (("wood", 1), ("coal", 1), ("iron", 1)), furnace=True),
}
"""In the order in which they are made."""


def is_dark(step: int) -> bool:
    """Whether zombies gather on grass at this step."""
    return 140 <= step % DAY_STEPS <= 272


def is_bright(step: int) -> bool:
    """Whether hardly any zombie appears on grass at this step."""
    return 8 <= step % DAY_STEPS <= 105
