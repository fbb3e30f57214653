"""Levers of perception, each seen in the prompts of an episode."""

from __future__ import annotations

from automem_envs.crafter.scaffolds import crafter_full
from automem_envs.minihack.scaffolds import minihack_full
from automem_envs.nethack.scaffolds import nethack_full

from .screens import crafter, dungeon


def test_what_is_urgent_stands_first_and_last(play) -> None:
    shown = [crafter("zombie 2 north", vitals=3)] * 2
    lines = [line for line in play(crafter_full(), shown).prompt(0).splitlines() if line]
    assert "Urgent: Health is 3" in lines[0]
    assert lines[-2].startswith("Urgent: Health is 3; keep away from harm. A zombie is 2 away")


def test_a_task_has_a_prompt_of_its_own(play) -> None:
    screens = [dungeon(), dungeon()]
    boxes = play(minihack_full(), screens, task="MiniHack-Boxoban-Hard-v0").prompt(0)
    maze = play(minihack_full(), screens, task="MiniHack-MazeWalk-9x9-v0").prompt(0)
    assert "a boulder in a corner stays there" in boxes.splitlines()[0]
    assert "boulder" not in maze.splitlines()[0]


def test_while_the_game_waits_for_an_answer_another_prompt_asks_for_it(play) -> None:
    screens = [dungeon("In what direction?", at=(19, 0)), dungeon()]
    played = play(nethack_full(), screens, action="east")
    assert played.prompt(0).startswith("PLAN. The game waits for an answer")
    assert "In what direction?" in played.prompt(0).splitlines()[0]
    assert not play(nethack_full(), [dungeon(), dungeon()]).prompt(0).startswith("PLAN. The game")


def test_vitals_inventory_and_place_are_read_out_of_the_text(play) -> None:
    moved = [crafter("tree 3 east", wood=2), crafter("tree 2 east", wood=2), crafter(wood=2)]
    status = play(crafter_full(), moved, action="Move East").memory["status.txt"]
    assert status.splitlines() == [
        "Vitals: health 9, food 9, drink 9, energy 9",
        "Carried: wood 2",
        "Reckoned place: 1,0 looking east",
    ]


def test_what_was_gained_lost_and_suffered_is_said(play) -> None:
    shown = [crafter(wood=1, sapling=1), crafter(wood=3, vitals=7), crafter()]
    text = play(crafter_full(), shown).prompt(1, "log")
    assert "Gained: wood +2. Used up: sapling -1. Damage: 2 health. Vitals: food -2" in text
    assert "health -6, depth +1" in play(
        nethack_full(), [dungeon(), dungeon(hp=10, level=2, turn=2), dungeon()]
    ).prompt(1)


def test_thresholds_are_warned_of(play) -> None:
    thirsty = play(crafter_full(), [crafter(drink=2)] * 2).prompt(0)
    assert "Drink is 2; make for water." in thirsty
    hungry = play(nethack_full(), [dungeon(hp=2, turn=900, more="Weak")] * 2).prompt(0)
    assert "Health is 2 of 16; praying may help. You are Weak; eat or pray." in hungry


def test_what_leads_nowhere_is_counted(play) -> None:
    text = play(crafter_full(), [crafter()] * 6, action="Do").prompt(4)
    assert "Counted: 4 without effect, 4 without gain." in text
    crafts = play(crafter_full(), [crafter(wood=1)] * 5, action="Place Table").prompt(3)
    assert "3 failed crafts in a row" in crafts


def test_going_to_and_fro_and_repeating_oneself_are_noticed(play) -> None:
    here, there = crafter("tree 3 east"), crafter("tree 2 east")
    east, west = "<|ACTION|>Move East<|END|>", "<|ACTION|>Move West<|END|>"
    answers = [east]
    for number in range(8):
        answers += ["<|DONE|>", west if number % 2 == 0 else east]
    swings = play(crafter_full(), [here, there] * 4 + [here], answers)
    assert "Note: You go to and fro between two cells." in swings.prompt(7)
    same = play(crafter_full(), [crafter()] * 8, action="Do")
    assert "Note: You did the same four times" in same.prompt(6)


def test_ground_that_was_covered_and_ground_that_was_not_is_told(play) -> None:
    text = play(nethack_full(), [dungeon(), dungeon(at=(6, 3)), dungeon()], action="east").prompt(1)
    assert "2 cells of this level visited, this one 1 times. Not visited: north," in text
    assert "Not visited: west, east, north, south." in play(crafter_full(), [crafter()] * 2).prompt(
        0
    )


def test_the_map_around_is_read_out(play) -> None:
    text = play(minihack_full(), [dungeon("", "kobold 1 step away north", at=(1, 2))] * 2).prompt(0)
    around = text.partition("## Beside you\n")[2].partition("\n\n")[0].splitlines()
    assert around == [
        "kobold: north",
        "wall or door: northeast, southwest, west, northwest",
        "free: east, southeast, south",
    ]


def test_the_way_to_a_goal_is_told(play) -> None:
    text = play(nethack_full(), [dungeon()] * 2).prompt(0)
    assert "stairs down: 4 steps, first " in text
    log = "<|UPSERT_MAP|>3,-4|water<|END|><|DONE|>"
    act = "<|ACTION|>Noop<|END|>"
    known = play(crafter_full(), [crafter()] * 3, [act, log, act]).prompt(1)
    assert "## Nearest known places\nwater: 3 east and 4 north" in known


def test_the_next_tool_and_what_is_missing_for_it_are_planned(play) -> None:
    text = play(crafter_full(), [crafter(wood_pickaxe=1)] * 2).prompt(0)
    assert "Wood Sword: still missing 1 wood, a table near you." in text
    ready = crafter("table 1 north", wood=2)
    assert "Wood Pickaxe: can be made now." in play(crafter_full(), [ready] * 2).prompt(0)
