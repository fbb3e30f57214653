"""Crafter as an environment: its contract, its profiles, its words."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from automem.errors import ConfigError, EnvironmentFailure
from automem.plugins import load_plugins
from automem.testing.environments import check_environment
from automem_envs.crafter.engine import constants
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.instructions import ACTIONS
from automem_envs.crafter.options import CrafterOptions


@pytest.fixture(scope="module")
def crafter() -> Crafter:
    return Crafter("default", CrafterOptions())


def test_it_keeps_the_contract_of_environments() -> None:
    check_environment(lambda: Crafter("default", CrafterOptions()), seeds=(1,), steps=40)


def test_the_plugin_names_it() -> None:
    plugins = load_plugins()
    spec = plugins.get("environment", "crafter")
    assert plugins.load(spec) is Crafter
    assert plugins.options(spec, {}) == CrafterOptions()


def test_the_actions_are_crafters_in_its_order() -> None:
    own = [action.replace("_", " ") for action in constants.actions]
    renamed = {"move left": "west", "move right": "east", "move up": "north", "move down": "south"}
    assert [action.lower() for action in ACTIONS] == [
        f"move {renamed[action]}" if action in renamed else action for action in own
    ]


def test_every_action_is_explained(crafter: Crafter) -> None:
    assert crafter.info.action_help.keys() == set(ACTIONS)


def test_the_costs_are_told_as_the_game_has_them(crafter: Crafter) -> None:
    told = crafter.info.instructions
    for name, rule in (constants.place | constants.make).items():
        cost = " and ".join(f"{n} {item.replace('_', ' ')}" for item, n in rule["uses"].items())
        assert f"- {name.replace('_', ' ')}: {cost}, " in told
    for achievement in constants.achievements:
        assert achievement.replace("_", " ") in told


@pytest.mark.parametrize(
    ("profile", "matching"), [("corrected", "tolerant"), ("balrog", "exact"), ("paper", "exact")]
)
def test_the_profile_is_kept_with_the_result(profile: str, matching: str) -> None:
    options = msgspec.convert({"profile": profile}, CrafterOptions)
    info = Crafter("default", options).info
    assert info.versions == {"crafter": "1.8.3", "profile": profile}
    assert info.matching == matching


@pytest.mark.parametrize(("seed", "toward"), [(3, "Move West"), (1, "Move East")])
def test_only_the_corrected_profile_sees_at_the_western_edge(seed: int, toward: str) -> None:
    corrected = Crafter("default", CrafterOptions())
    balrog = Crafter("default", CrafterOptions(profile="balrog"))
    assert corrected.reset(seed) == balrog.reset(seed)
    blind = "You see nothing away from you.\n\nYou face nothing at your front."
    at_the_edge = 0
    for step in range(120):
        action = toward
        if step % 5 == 0:
            action = "Move North" if step // 40 == 1 else "Move South"
        ours, theirs = corrected.step(action), balrog.step(action)
        assert (ours.reward, ours.observation.status) == (theirs.reward, theirs.observation.status)
        x, y, _ = ours.observation.position or (99, 99, 0)
        at_the_edge += x <= 3 or x >= 60
        if x <= 3 or y <= 2:
            assert theirs.observation.text == blind
            assert "You see:\n- " in ours.observation.text
        else:
            assert ours == theirs
    assert at_the_edge > 50


def test_death_ends_the_game_and_achievements_are_events() -> None:
    game = Crafter("default", CrafterOptions(profile="balrog"))
    game.reset(42)
    events: list[str] = []
    for step in range(2000):
        result = game.step("Sleep" if step % 2 else "Do")
        events += result.events
        assert result.progression == len(events) / 22
        if result.ended is not None:
            break
    assert result.ended == "died"
    assert "collect_sapling" in events
    assert len(events) == len(set(events))


def test_a_picture_has_the_size_that_is_asked_for(crafter: Crafter) -> None:
    assert Crafter("default", CrafterOptions()).frame() is None
    crafter.reset(1)
    for pixels in (63, 100, None):
        frame = crafter.frame(pixels)
        assert frame is not None
        assert frame.width == frame.height == (pixels or 252)
        assert len(frame.rgb) == frame.width * frame.height * 3
        assert len(set(frame.rgb)) > 20


def test_what_cannot_be_played_is_refused(crafter: Crafter) -> None:
    with pytest.raises(ConfigError, match="no task 'hard'"):
        Crafter("hard", CrafterOptions())
    with pytest.raises(EnvironmentFailure, match="step before reset"):
        Crafter("default", CrafterOptions()).step("Noop")
    crafter.reset(1)
    with pytest.raises(EnvironmentFailure, match="'noop' is not one of its actions"):
        crafter.step("noop")


def test_importing_it_is_quiet() -> None:
    code = "import automem_envs.crafter.environment"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
