"""What the player makes of an observation."""

from __future__ import annotations

from automem_backends.rules.crafter.view import read_scene, sees_crafter

NOW = (
    "You see:\n- tree 3 steps to your north-east\n- grass 1 step to your west\n"
    "- water 2 steps to your south\n- stone 7 steps to your south-west\n\n"
    "You face sand at your front."
)
STATUS = (
    "Your status:\n- health: 4/9\n- food: 5/9\n- drink: 6/9\n- energy: 7/9\n\n"
    "Your inventory:\n- wood: 3\n- wood_pickaxe: 1"
)


def scene_of(text: str):
    scene = read_scene(text)
    assert scene is not None
    return scene


def test_a_straight_direction_gives_one_cell_and_a_diagonal_all_that_fit_the_view():
    view = scene_of(NOW).now
    assert view.at("water") == [(0, 2)]
    assert view.at("tree") == [(1, -2), (2, -1)]
    assert view.at("stone") == [(-4, 3)]
    assert view.at("iron") == []
    assert dict(view.exact()) == {"grass": (-1, 0), "water": (0, 2), "stone": (-4, 3)}


def test_nothing_stands_nearer_than_the_nearest_obstacle():
    assert scene_of(NOW).now.clear == 1


def test_the_order_in_which_the_game_looks_tells_what_a_neighbor_cannot_be():
    text = (
        "You see:\n- tree 1 step to your north\n- grass 1 step to your south\n\n"
        "You face grass at your front."
    )
    view = scene_of(text).now
    assert view.possible("west") == set()
    assert view.possible("north") == {"tree"}
    assert view.possible("east") == {"tree", "grass"}


def test_vitals_and_inventory_are_read():
    status = scene_of(f"{NOW}\n\n{STATUS}").status
    assert (status.health, status.food, status.drink, status.energy) == (4, 5, 6, 7)
    assert status.has("wood", 3)
    assert not status.has("wood", 4)
    assert status.has("wood_pickaxe")


def test_of_two_observations_the_last_is_the_present_one():
    before = "You see nothing away from you.\n\nYou face nothing at your front."
    scene = scene_of(f"{before}\n\n## Last action\nMove South (reward 0.0)\n\n{NOW}")
    assert scene.now.front == "sand"
    assert scene.before is not None
    assert scene.before.front == "nothing"
    assert scene.action == "Move South"


def test_sleep_and_first_achievements_are_noticed():
    text = (
        "Achieved for the first time: wake_up, collect_wood\n\n## Now\nYou are sleeping, and "
        f"will not be able take actions until energy is full.\n\n{NOW}"
    )
    assert scene_of(text).now.sleeping
    assert scene_of(text).achieved == ("wake_up", "collect_wood")


def test_another_game_is_not_taken_for_crafter():
    assert not sees_crafter("message:\nHello Agent, welcome to NetHack!")
    assert read_scene("message:\nHello Agent, welcome to NetHack!") is None
