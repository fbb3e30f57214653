"""MiniHack as an environment: its tasks, their goals and scores."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from automem.errors import ConfigError, EnvironmentFailure
from automem.plugins import load_plugins
from automem.records.environment import StepResult
from automem.testing.environments import check_environment
from automem_envs.minihack.environment import MAX_STEPS, MiniHack
from automem_envs.minihack.options import MiniHackOptions
from automem_envs.minihack.tasks import TASKS
from automem_envs.nethack.actions import LETTERS

ONE_PUSH = (
    "; 0\n##########\n#@$.     #\n#  $.    #\n#  $.    #\n#  $.    #\n"
    "#        #\n#        #\n#        #\n#        #\n##########\n\n"
)
MAZE = "MiniHack-MazeWalk-9x9-v0"
QUEST = "MiniHack-Quest-Easy-v0"


@pytest.fixture
def levels(tmp_path: Path) -> str:
    for difficulty in ("hard", "medium/train"):
        folder = tmp_path / difficulty
        folder.mkdir(parents=True)
        (folder / "000.txt").write_text(ONE_PUSH, encoding="ascii")
    return str(tmp_path)


def _game(task: str, **options: object) -> MiniHack:
    return MiniHack(task, msgspec.convert(options, MiniHackOptions))


def _play(game: MiniHack, seed: int, *actions: str) -> StepResult:
    game.reset(seed)
    for action in actions[:-1]:
        assert game.step(action).ended is None
    return game.step(actions[-1])


@pytest.mark.parametrize("task", TASKS)
def test_every_task_keeps_the_contract_of_environments(task: str, levels: str) -> None:
    check_environment(lambda: _game(task, boxoban_folder=levels), seeds=(1,), steps=40)


@pytest.mark.parametrize("profile", ["balrog", "paper"])
def test_every_profile_keeps_the_contract(profile: str) -> None:
    check_environment(lambda: _game(QUEST, profile=profile), seeds=(1,), steps=40)


def test_the_plugin_names_it_with_the_tasks_in_their_order() -> None:
    plugins = load_plugins()
    spec = plugins.get("environment", "minihack")
    assert plugins.load(spec) is MiniHack
    assert plugins.options(spec, {}) == MiniHackOptions()
    assert spec.tasks == tuple(TASKS)


@pytest.mark.parametrize(
    ("task", "count"),
    [
        ("MiniHack-Boxoban-Hard-v0", 4),
        (MAZE, 8),
        ("MiniHack-Corridor-R3-v0", 11),
        ("MiniHack-CorridorBattle-Dark-v0", 8),
        (QUEST, 32),
    ],
)
def test_the_actions_are_the_benchmarks(task: str, count: int, levels: str) -> None:
    info = _game(task, profile="balrog", boxoban_folder=levels).info
    assert len(info.actions) == count
    assert info.default_action == "north"
    assert info.max_steps == MAX_STEPS


def test_a_letter_answers_a_question_and_does_nothing_without_one() -> None:
    game = _game(QUEST)
    assert set(LETTERS) < set(game.info.actions)
    game.reset(42)
    idle = game.step("a")
    assert "There is no question that a letter could answer." in idle.observation.text
    assert idle.reward == -0.01
    asked = game.step("eat").observation.text
    letter = asked[asked.index("want to eat? [") + len("want to eat? [")]
    assert letter in LETTERS
    assert "want to eat?" not in game.step(letter).observation.text
    game.close()


def test_two_things_are_taken_from_a_pile_by_letters_and_a_confirmation() -> None:
    game = _game(QUEST)
    assert "`more` confirms" in game.info.instructions
    menu = _play(game, 45, "south", "pickup").observation.text
    assert "a - a runed wand\nTools\nb - a horn\n(end)" in menu
    assert "a + a runed wand" in game.step("a").observation.text
    assert "b + a horn" in game.step("b").observation.text
    taken = game.step("more").observation
    assert "i - a runed wand.  j - a horn." in taken.text
    assert "j: a horn" in taken.status
    game.close()


def test_the_benchmark_closes_a_menu_by_itself() -> None:
    game = _game(QUEST, profile="balrog")
    assert "`more` confirms" not in game.info.instructions
    assert "(end)" not in _play(game, 45, "south", "pickup").observation.text
    game.close()


def test_the_benchmark_accepts_no_letter() -> None:
    game = _game(QUEST, profile="balrog")
    game.reset(42)
    with pytest.raises(EnvironmentFailure, match="'a' is not one of its actions"):
        game.step("a")
    game.close()


def test_pushing_the_boulders_onto_the_fountains_solves_a_level(levels: str) -> None:
    game = _game("MiniHack-Boxoban-Hard-v0", boxoban_folder=levels)
    way = ("east", "west", "south", "east", "east", "west", "west")
    pushed = _play(game, 1, "east")
    assert pushed.reward == pytest.approx(0.1 - 0.001)
    assert (pushed.progression, pushed.success, pushed.ended) == (0.0, False, None)
    down = ("west", "south", "east", "east", "west", "south", "east", "west", "south", "east")
    solved = _play(game, 1, "east", *down)
    assert (solved.progression, solved.success, solved.ended) == (1.0, True, "solved")
    assert solved.reward == 1.0
    assert solved.benchmark_progression == 1.0
    assert _play(game, 1, *way).success is False
    game.close()


def test_running_out_of_steps_is_no_success() -> None:
    game = _game(MAZE)
    result = _play(game, 1, *["west"] * MAX_STEPS)
    assert (result.ended, result.success, result.progression) == ("length", False, 0.0)
    with pytest.raises(EnvironmentFailure, match="no game goes on"):
        game.step("west")
    game.close()


@pytest.mark.parametrize(("profile", "progression"), [("corrected", 1.0), ("balrog", 0.0)])
def test_a_solution_while_the_clock_stands_still_is_one_only_in_corrected(
    profile: str, progression: float
) -> None:
    game = _game(MAZE, profile=profile)
    result = _play(game, 238, "southeast", "east", "southwest")
    assert (result.ended, result.success, result.reward) == ("solved", True, 0.99)
    assert result.progression == progression
    assert result.benchmark_progression == 0.0
    game.close()


def test_without_levels_both_ways_to_them_are_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match=r"automem setup boxoban; or .*boxoban_folder = "):
        _game("MiniHack-Boxoban-Medium-v0", boxoban_folder=str(tmp_path))


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{MAZE}'"):
        _game("MiniHack-MazeWalk-9x9")
    with pytest.raises(ConfigError, match="map_analysis"):
        _game(MAZE, profile="balrog", map_analysis=True)
    with pytest.raises(EnvironmentFailure, match="'open' is not one of its actions"):
        _game(MAZE).step("open")


def test_a_picture_shows_the_terminal() -> None:
    game = _game(MAZE)
    assert game.frame() is None
    game.reset(1)
    frame = game.frame()
    assert frame is not None
    assert len(frame.rgb) == frame.width * frame.height * 3
    game.close()


def test_many_games_fit_into_one_process() -> None:
    games = [_game(MAZE) for _ in range(20)]
    first = [game.reset(seed) for seed, game in enumerate(games)]
    assert [game.reset(seed) for seed, game in enumerate(games)] == first
    for game in games:
        game.close()
