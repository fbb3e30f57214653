"""Levers of action, each seen in what was executed."""

from __future__ import annotations

from automem_envs.crafter.scaffolds import crafter_full
from automem_envs.minihack.scaffolds import minihack_full
from automem_envs.nethack.scaffolds import nethack_full

from .screens import crafter, dungeon

TWO = [crafter()] * 2


def test_an_action_that_cannot_work_is_refused_with_a_reason_at_most_twice(play) -> None:
    craft = "<|ACTION|>Make Iron Pickaxe<|END|>"
    played = play(crafter_full(), TWO, [craft, craft, craft])
    why = "Make Iron Pickaxe: It needs 1 wood, 1 coal, 1 iron more than you carry."
    assert played.warned("action_refused") == [why, why]
    assert "It needs 1 wood, 1 coal, 1 iron" in played.prompt(0, turn=1)
    assert (played.acted().executed, played.acted().refused) == ("Make Iron Pickaxe", 2)
    relented = play(crafter_full(), TWO, [craft, "<|ACTION|>Do<|END|>"])
    assert (relented.acted().executed, relented.acted().refused) == ("Do", 1)


def test_what_harms_is_refused(play) -> None:
    eye = dungeon("", "floating eye 1 step away east")
    hit, wait = "<|ACTION|>east<|END|>", "<|ACTION|>search<|END|>"
    played = play(nethack_full(), [eye, eye], [hit, wait])
    assert played.warned("action_refused")[0].startswith("east: That would attack the floating eye")
    wall = [dungeon(at=(1, 2))] * 3
    west, south = "<|ACTION|>west<|END|>", "<|ACTION|>south<|END|>"
    blocked = play(minihack_full(), wall, [west, "<|DONE|>", west, south])
    assert blocked.warned("action_refused") == [
        "west: west changed nothing just now; the way is blocked."
    ]
    assert blocked.actions == ["west", "south"]


def test_a_move_that_must_be_is_made(play) -> None:
    more = dungeon("You see here a dagger.--More--")
    played = play(nethack_full(), [more, more], action="east")
    assert (played.acted().said, played.acted().replaced) == ("east", "more")
    assert played.actions == ["more"]
    thirst = crafter("water 1 south", front="water", drink=1)
    assert play(crafter_full(), [thirst] * 2, action="Move East").actions == ["Do"]


def test_a_spelling_is_repaired(play) -> None:
    said = {"walk west please": "Move West", "interact": "Do", "craft the wood pickaxe": None}
    for text, meant in said.items():
        answers = [f"<|ACTION|>{text}<|END|>", "<|ACTION|>Noop<|END|>"]
        played = play(crafter_full(), TWO, answers)
        assert played.actions == [meant or "Noop"]
    assert play(nethack_full(), [dungeon()] * 2, action="go north").actions == ["north"]


def test_where_nothing_is_committed_the_situation_decides(play) -> None:
    silent = ["Let me think."] * 6
    water = crafter("water 1 south", front="water")
    assert play(crafter_full(), [water] * 2, silent).actions == ["Do"]
    assert play(crafter_full(), TWO, silent).actions == ["Noop"]
    stairs = dungeon(rows=("-----", "|@.>|", "-----"), at=(1, 2))
    played = play(minihack_full(), [stairs] * 2, silent)
    assert (played.acted().said, played.actions) == (None, ["east"])
    question = dungeon("Really attack? [yn] (n)", at=(31, 0))
    assert play(nethack_full(), [question] * 2, silent).actions == ["esc"]
