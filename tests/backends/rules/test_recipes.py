"""The player's knowledge of the game is the game's own."""

from __future__ import annotations

from crafter import constants

from automem_backends.rules.crafter import recipes


def test_costs_and_requirements_are_those_of_the_game():
    assert constants.place["table"]["uses"]["wood"] == recipes.TABLE_WOOD
    assert constants.place["furnace"]["uses"]["stone"] == recipes.FURNACE_STONE
    for tool, recipe in recipes.TOOLS.items():
        assert dict(recipe.uses) == constants.make[tool]["uses"]
        assert recipe.furnace == ("furnace" in constants.make[tool]["nearby"])
    assert set(recipes.TOOLS) == set(constants.make)


def test_each_material_names_the_pickaxe_it_needs():
    for material, tool in recipes.PICKAXE_FOR.items():
        assert list(constants.collect[material]["require"]) == [tool]


def test_achievements_and_walkable_ground_are_those_of_the_game():
    assert set(constants.achievements) == recipes.ACHIEVEMENTS
    assert set(constants.walkable) == recipes.WALKABLE


def test_the_night_is_dark_and_the_morning_bright():
    assert recipes.is_dark(200)
    assert recipes.is_dark(500)
    assert not recipes.is_dark(100)
    assert recipes.is_bright(50)
    assert not recipes.is_bright(200)
