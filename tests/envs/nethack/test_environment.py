"""NetHack as an environment: its contract, its profiles, the same game everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import msgspec
import pytest

from automem.errors import ConfigError, EnvironmentFailure
from automem.plugins import load_plugins
from automem.testing.environments import check_environment
from automem_envs.nethack.actions import BENCHMARK_KEYS, CORRECTED_KEYS, WITHHELD
from automem_envs.nethack.environment import MOST_IDLE_STEPS, TASK, NetHack
from automem_envs.nethack.options import CLOCK, NetHackOptions

PLAY = """
import hashlib, random
from automem_envs.nethack.environment import NetHack
from automem_envs.nethack.options import NetHackOptions
game = NetHack("NetHackChallenge-v0", NetHackOptions())
chosen = random.Random(5)
told = hashlib.sha256(game.reset(7).text.encode())
words = [word for word in game.info.actions if len(word) > 1]
for _ in range(400):
    result = game.step(chosen.choice(words))
    told.update(repr(result).encode())
    if result.ended:
        break
game.close()
print(told.hexdigest())
"""


def _game(**options: object) -> NetHack:
    return NetHack(TASK, msgspec.convert(options, NetHackOptions))


@pytest.mark.parametrize("profile", ["corrected", "balrog", "paper"])
def test_it_keeps_the_contract_of_environments(profile: str) -> None:
    check_environment(lambda: _game(profile=profile), seeds=(1,), steps=60)


def test_the_plugin_names_it() -> None:
    plugins = load_plugins()
    spec = plugins.get("environment", "nethack")
    assert plugins.load(spec) is NetHack
    assert plugins.options(spec, {}) == NetHackOptions()
    assert spec.tasks == (TASK,)


def test_the_same_game_is_played_whatever_the_hash_seed_and_the_time_zone() -> None:
    played: set[str] = set()
    for hash_seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"), ("3", "America/New_York")):
        surroundings = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PLAY],
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
        )
        played.add(done.stdout)
    assert len(played) == 1


def test_another_seed_is_another_game() -> None:
    game = _game()
    assert game.reset(1) != game.reset(2)
    game.close()


def test_games_at_once_do_not_disturb_one_another() -> None:
    alone, one, other = _game(), _game(), _game()
    words = ("north", "east", "search", "south", "far west", "northwest") * 10
    expected = [alone.reset(3), *(alone.step(word).observation for word in words)]
    found = [one.reset(3)]
    other.reset(4)
    for word in words:
        found.append(one.step(word).observation)
        other.step(word)
    assert found == expected
    for game in (alone, one, other):
        game.close()


def test_a_game_knows_nothing_of_the_games_before() -> None:
    game = _game()
    game.reset(1)
    for action in ("esc",) * (MOST_IDLE_STEPS + 1):
        ended = game.step(action)
        if ended.ended:
            break
    first = game.reset(2)
    fresh = _game()
    assert fresh.reset(2) == first
    game.close()
    fresh.close()


def test_actions_are_the_benchmarks_and_corrected_accepts_what_it_only_names() -> None:
    assert _game(profile="balrog").info.actions == tuple(BENCHMARK_KEYS)
    assert len(BENCHMARK_KEYS) == 148
    assert _game().info.actions == tuple(CORRECTED_KEYS)
    assert CORRECTED_KEYS.keys() - BENCHMARK_KEYS.keys() == WITHHELD.keys()


def test_every_accepted_action_can_be_played_in_every_profile() -> None:
    for profile in ("corrected", "balrog"):
        game = _game(profile=profile)
        for seed in (1, 2):
            game.reset(seed)
            for action in game.info.actions:
                if game.step(action).ended is not None:
                    game.reset(seed)
        game.close()


def test_a_letter_answers_the_question_that_is_open() -> None:
    game = _game()
    game.reset(42)
    asked = game.step("drop").observation.text
    assert "What do you want to drop?" in asked
    answered = game.step("a").observation
    assert "What do you want to drop?" not in answered.text
    game.close()


def test_travel_goes_where_its_help_says() -> None:
    game = _game()
    for places in (("up",), ("d",), ("west", "west")):
        before = game.reset(42)
        game.step("far east")
        left = game.step("far south").observation
        assert left.position != before.position
        assert "travel to?" in game.step("travel").observation.text
        for place in places:
            game.step(place)
        assert game.step("wait").observation.position != left.position
    game.close()


def test_standing_still_too_long_ends_the_game() -> None:
    game = _game()
    game.reset(1)
    steps = 0
    while (result := game.step("esc")).ended is None:
        steps += 1
    assert result.ended == "no progress"
    assert steps == MOST_IDLE_STEPS
    with pytest.raises(EnvironmentFailure, match="no game goes on"):
        game.step("esc")
    game.close()


def test_a_death_keeps_where_the_player_was_and_what_was_reached() -> None:
    game = _game(profile="balrog")
    for seed in range(1, 30):
        before = game.reset(seed)
        for action in ("pray", "y") * 30:
            result = game.step(action)
            if result.ended is not None:
                break
            before = result.observation
        if result.ended == "died":
            break
    assert result.ended == "died"
    assert result.observation.position is not None
    assert before.position is not None
    assert result.observation.position[2] == before.position[2] == 1
    assert result.progression == result.benchmark_progression == 0.0
    game.close()


def test_only_the_words_differ_between_the_profiles() -> None:
    shown = {profile: _game(profile=profile).reset(42).text for profile in ("corrected", "balrog")}
    assert "1 step away" in shown["corrected"]
    assert "adjacent" not in shown["corrected"]
    assert " adjacent " in shown["balrog"]
    maps = {text[text.index("\nmap:\n") :] for text in shown.values()}
    assert len(maps) == 1


def test_what_the_score_depends_on_is_kept_with_it() -> None:
    assert _game().info.versions == {
        "engine": "nle",
        "nle": "1.3.0",
        "profile": "corrected",
        "clock": str(CLOCK),
    }
    assert _game(clock=86_400).info.versions["clock"] == "86400"


@pytest.mark.parametrize(
    ("clock", "greeting"),
    [
        (CLOCK, "Hello Agent, welcome to NetHack!"),
        (1718971200, "You are lucky!  Full moon tonight."),
        (1720180800, "Be careful!  New moon tonight."),
    ],
)
def test_the_clock_of_the_game_stands_where_it_is_put(clock: int, greeting: str) -> None:
    assert f"message:\n{greeting}" in _game(clock=clock).reset(42).text


def test_the_day_on_which_the_library_was_built_is_not_told() -> None:
    game = _game()
    game.reset(1)
    told = game.step("versionshort").observation.text
    assert "Version 3.6.7 - last build Thu Jan  1 00:00:00 1970." in told
    game.close()


def test_map_analysis_is_a_section_of_its_own() -> None:
    plain, analyzed = _game().reset(42), _game(map_analysis=True).reset(42)
    section = analyzed.text.removeprefix(plain.text)
    assert section.startswith("around you:\nnorth: ")
    assert len(re.findall(r"^(?:north|south|east|west)\w*: ", section, re.M)) == 8
    with pytest.raises(ConfigError, match="map_analysis: the profile 'paper'"):
        _game(map_analysis=True, profile="paper")


def test_a_picture_shows_the_terminal() -> None:
    assert _game().frame() is None
    game = _game(frame_scale=1)
    game.reset(42)
    frame = game.frame()
    assert frame is not None
    assert (frame.width, frame.height) == (480, 216)
    assert len(frame.rgb) == 480 * 216 * 3
    assert len({frame.rgb[i : i + 3] for i in range(0, len(frame.rgb), 3)}) > 3
    game.close()


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(ConfigError, match="no task 'hard'"):
        NetHack("hard", NetHackOptions())
    with pytest.raises(EnvironmentFailure, match="'dance' is not one of its actions"):
        _game().step("dance")
    with pytest.raises(EnvironmentFailure, match="automem setup nethack-balrog"):
        _game(engine="balrog-nle")
