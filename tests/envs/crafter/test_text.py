"""What the player reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from automem_envs.crafter.engine import constants
from automem_envs.crafter.game import KINDS, VIEW
from automem_envs.crafter.text import condition, seen, status

MIDDLE = (4, 3)


def cells(**kinds: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """A view of nothing but the player and one cell of each kind."""
    view = np.zeros(VIEW, np.uint8)
    view[MIDDLE] = KINDS.index("player")
    for kind, where in kinds.items():
        view[where] = KINDS.index(kind)
    return view


def test_a_view_of_nothing_says_so() -> None:
    expected = "You see nothing away from you.\n\nYou face nothing at your front."
    assert seen(cells(), (0, 1)) == expected
    assert seen(None, (0, 1)) == expected


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ((3, 3), "1 step to your west"),
        ((8, 3), "4 steps to your east"),
        ((4, 0), "3 steps to your north"),
        ((5, 4), "2 steps to your south-east"),
        ((0, 6), "7 steps to your south-west"),
    ],
)
def test_places_are_counted_in_moves(where: tuple[int, int], said: str) -> None:
    assert seen(cells(tree=where), (0, 1)).startswith(f"You see:\n- tree {said}\n\n")


def test_only_the_nearest_of_a_kind_is_told_and_of_two_the_western() -> None:
    view = cells(water=(4, 1))
    view[2, 3] = view[6, 3] = view[8, 6] = KINDS.index("tree")
    assert seen(view, (0, -1)) == (
        "You see:\n- tree 2 steps to your west\n- water 2 steps to your north\n\n"
        "You face nothing at your front."
    )


def test_kinds_come_in_the_order_in_which_they_first_appear() -> None:
    view = cells(cow=(3, 3), tree=(0, 0), sand=(0, 1))
    told = [line.split()[1] for line in seen(view, (-1, 0)).splitlines() if line[0:1] == "-"]
    assert told == ["tree", "sand", "cow"]
    assert seen(view, (-1, 0)).endswith("You face cow at your front.")


def test_sleep_is_told_before_death() -> None:
    assert condition(sleeping=True, dead=True).startswith("You are sleeping")
    assert condition(sleeping=False, dead=True) == "You died.\n\n"
    assert condition(sleeping=False, dead=False) == ""


def test_the_inventory_leaves_out_what_is_not_carried() -> None:
    inventory = {name: item["initial"] for name, item in constants.items.items()}
    assert status(inventory, constants.items).endswith("You have nothing in your inventory.")
    inventory |= {"wood": 2, "sapling": 1, "food": 3}
    assert status(inventory, constants.items) == (
        "Your status:\n- health: 9/9\n- food: 3/9\n- drink: 9/9\n- energy: 9/9\n\n"
        "Your inventory:\n- sapling: 1\n- wood: 2"
    )
