"""Dead reckoning, by hand and against the game's own position."""

from __future__ import annotations

import random

from automem_backends.rules.crafter.motion import follow
from automem_backends.rules.crafter.notes import Moment
from automem_backends.rules.crafter.view import View, read_scene
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions

START = Moment(0, (5, 5), "south")


def view_of(text: str) -> View:
    scene = read_scene(text)
    assert scene is not None
    return scene.now


def seen(front: str, *lines: str) -> View:
    listed = "".join(f"- {line}\n" for line in lines)
    return view_of(f"You see:\n{listed}\nYou face {front} at your front.")


def test_walking_on_open_ground_changes_the_position():
    meadow = seen("grass", "grass 1 step to your west")
    moved = follow(START, "Move West", meadow, meadow, 1)
    assert (moved.at, moved.facing, moved.step) == ((4, 5), "west", 1)


def test_an_obstacle_only_turns_the_player():
    before = seen("grass", "grass 1 step to your west", "tree 1 step to your north")
    now = seen("tree", "grass 1 step to your west", "tree 1 step to your north")
    turned = follow(START, "Move North", before, now, 1)
    assert (turned.at, turned.facing) == ((5, 5), "north")
    assert ("tree", (5, 4)) in turned.sees


def test_what_is_not_a_move_leaves_the_player_where_it_is():
    view = seen("tree", "tree 1 step to your south")
    assert follow(START, "Do", view, view, 1).at == (5, 5)


def test_a_shifted_view_proves_a_move_between_obstacles():
    before = seen("stone", "stone 1 step to your west", "path 1 step to your east",
                  "coal 3 steps to your east")  # fmt: skip
    now = seen("stone", "stone 1 step to your north", "path 1 step to your west",
               "coal 2 steps to your east")  # fmt: skip
    assert follow(START, "Move East", before, now, 1).at == (6, 5)


def test_the_reckoned_position_follows_the_game_over_a_random_walk():
    dice = random.Random(7)
    moves = ["Move West", "Move East", "Move North", "Move South", "Do"]
    apart = 0
    for seed in (3, 4):
        game = Crafter("default", CrafterOptions())
        shown = game.reset(seed)
        assert shown.position is not None
        moment = Moment(0, shown.position[:2], "south")
        view = view_of(shown.text)
        action = "Move West"
        for step in range(1, 200):
            action = action if dice.random() < 0.7 else dice.choice(moves)
            result = game.step(action)
            if result.ended:
                break
            after = view_of(result.observation.text)
            moment = follow(moment, action, view, after, step)
            view = after
            assert result.observation.position is not None
            true = result.observation.position[:2]
            apart += moment.at != true
            moment = Moment(step, true, moment.facing)
        game.close()
    assert apart <= 4
