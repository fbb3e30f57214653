"""Reading the text of observations, of whichever profile."""

from __future__ import annotations

import pytest

from automem_backends.rules.nethack.ground import Ground
from automem_backends.rules.nethack.notes import Fact, Level
from automem_backends.rules.nethack.screen import read_scene


def scene(text: str, system: str = ""):
    found = read_scene(text, system)
    assert found is not None
    return found


def test_a_prompt_without_the_game_shows_no_scene():
    assert read_scene("A dragon.", "") is None


def test_the_last_observation_is_the_present_and_the_one_before_is_kept(draw):
    first, second = draw("|@.|"), draw("|.@|", message="It's a wall.", depth=2, turn=7)
    prompt = f"## Before\n{first}\n## Last action\nfar east (reward 0.0)\n\n## Now\n{second}"
    shown = scene(f"{prompt}\ninventory:\na: a +1 pick-axe (in hand)\nb: 2 eggs\n")
    assert shown.before is not None
    assert shown.before.at == (1, 5)
    assert (shown.now.at, shown.now.message) == ((2, 5), "It's a wall.")
    assert (shown.now.stats.depth, shown.now.stats.hp, shown.now.stats.turn) == (2, 14, 7)
    assert shown.action == "far east"
    assert shown.inventory == {"a": "a +1 pick-axe (in hand)", "b": "2 eggs"}


def test_a_notice_about_the_last_action_is_not_taken_for_it(draw):
    text = f"## Last action\n1 (reward 0.0)\n\n{draw('@')}Note: Your last action changed nothing.\n"
    assert scene(f"{text}\nReplies left: 3.").action == "1"


@pytest.mark.parametrize("near", ["adjacent", "1 step away", "1 step away (directly reachable)"])
def test_what_stands_beside_is_read_in_every_wording(draw, near):
    seen = f"giant rats {near} north and southwest\nlava 3-5 steps away east"
    now = scene(draw(" r", " @", "r", seen=seen)).now
    assert now.names == {"north": "giant rats", "southwest": "giant rats"}
    assert now.mentions("lava")


def test_actions_are_taken_from_where_they_are_listed():
    shown = read_scene(
        "message:\n\n\nlanguage observation:\n\n\ncursor:\n\n(x=3, y=4)\n\nmap:\n   @\n",
        "Walls, doors, corridors, rooms.\nThe actions: north, east, south, far west, kick.",
    )
    assert shown is not None
    assert shown.actions == {"north", "east", "south", "far west", "kick"}
    assert shown.can("kick")
    assert not shown.can("search")


def test_a_question_is_open_while_the_cursor_stands_behind_the_message(draw):
    assert scene(draw("@", message="Really? [yn] (n)", asks=True)).now.asks
    assert not scene(draw("@", message="Really? [yn] (n)")).now.asks


def test_open_doors_are_told_from_walls_and_passed_straight(draw):
    rows = ("-----", "|..@|", "|...-.", "|...|", "-----")
    ground = Ground(scene(draw(*rows)).now, Level())
    ways = ground.ways()
    assert ways.to((4, 7)) == 2
    assert ways.to((4, 6)) == -1


def test_boulders_and_traps_take_boldness(draw):
    ground = Ground(scene(draw("------", "|@^.`.", "------")).now, Level())
    assert ground.ways().to((3, 6)) == -1
    assert ground.ways(bold=True).to((5, 6)) == 4


def test_noted_obstacles_are_kept_clear_of(draw):
    now = scene(draw("-----", "|@..|", "-----")).now
    level = Level()
    level.add(Fact("blocked", (2, 6)))
    assert Ground(now, level).ways().to((3, 6)) == -1


def test_the_fringe_is_what_borders_on_the_unknown_and_was_not_walked(draw):
    now = scene(draw("-----", "|...|", "|.@..##", "-----")).now
    level = Level()
    level.add(Fact("walked", (5, 7)))
    fringe = Ground(now, level).fringe()
    assert (6, 7) in fringe
    assert (5, 7) not in fringe
    assert (2, 6) not in fringe
