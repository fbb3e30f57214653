"""Whole episodes of MiniHack's tasks; and the same without a memory."""

from __future__ import annotations

import pytest

from automem_envs.minihack.environment import MiniHack
from automem_envs.minihack.options import MiniHackOptions


def played(fresh_table, task: str, seed: int, *, forgets: bool = False) -> bool:
    """Play one episode; one that forgets has an empty memory at each step."""
    game = MiniHack(task, MiniHackOptions())
    told = {"instructions": game.info.instructions, "actions": game.info.actions}
    table, now, last = fresh_table(), game.reset(seed), {}
    solved = False
    for step in range(game.info.max_steps):
        if forgets:
            table = fresh_table()
        scene = {**told, **last, "observation": now.text, "status": now.status, "step": step}
        if step:
            assert table.play("log", **scene).ending == "done"
        action = table.play("plan", **scene).action
        assert action in game.info.actions
        answer = game.step(action)
        last = {"previous_observation": now.text, "action": action}
        now = answer.observation
        if answer.ended:
            solved = bool(answer.success)
            break
    game.close()
    return solved


def test_a_maze_is_walked_to_its_end_with_a_memory_and_not_without(fresh_table):
    assert played(fresh_table, "MiniHack-MazeWalk-9x9-v0", 42)
    assert not played(fresh_table, "MiniHack-MazeWalk-9x9-v0", 42, forgets=True)


@pytest.mark.parametrize(
    ("task", "seed"),
    [
        ("MiniHack-Corridor-R3-v0", 44),
        ("MiniHack-CorridorBattle-Dark-v0", 46),
        ("MiniHack-Quest-Easy-v0", 43),
        ("MiniHack-Quest-Medium-v0", 45),
    ],
)
def test_a_task_is_solved(fresh_table, task, seed):
    assert played(fresh_table, task, seed)


LEVEL = (
    "##########",
    "########.#",
    "#######..#",
    "#######`.#",
    "#######..#",
    "######{.{#",
    "######.`{#",
    "#####..#`#",
    "#####{.`@#",
    "##########",
)
SEEN = "bars 1 step away east\nboulder 1 step away west\nfountain 3-5 steps away west"


def test_a_plan_for_boulders_is_worked_out_written_down_and_followed(fresh_table, draw, act, note):
    table, four = fresh_table(), ("north", "east", "south", "west")
    begin = draw(*LEVEL, seen=SEEN)
    first = act(table, begin, actions=four, step=0)
    assert first in four
    moved = draw(*LEVEL[:6], "######{`{#", "#####..#@#", "#####{.`.#", LEVEL[9], seen=SEEN)
    note(table, begin, first, moved, 1, actions=four)
    notes = "\n".join(table.store.files().values())
    assert "Plan from step 1:" in notes
    assert "goal" in notes
    following = notes.split("Plan from step 1: ")[1].split(".")[0].split()
    scene = {"actions": four, "previous_observation": begin, "action": first}
    assert act(table, moved, step=1, **scene) == following[0]
