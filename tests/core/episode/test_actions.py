"""What is executed for what was said."""

from automem.episode.actions import invalid_prefix, resolve
from automem.records.environment import EnvironmentInfo
from automem.records.scaffold import ActionRule

EXACT = EnvironmentInfo(name="game", actions=("Noop", "Move West"), default_action="Noop")
TOLERANT = EnvironmentInfo(
    name="game", actions=("Noop", "Move West"), default_action="Noop", matching="tolerant"
)
RULE = ActionRule(spelling={"go left": "Move West", "dance": "Dance"}, fallback="Move West")


def test_an_accepted_action_is_played_as_said() -> None:
    resolved = resolve("Move West", EXACT, ActionRule())
    assert (resolved.executed, resolved.valid) == ("Move West", True)


def test_an_exact_game_takes_no_other_case_and_no_spelling() -> None:
    for said in ("move west", " Move West", "go left"):
        resolved = resolve(said, EXACT, RULE)
        assert (resolved.executed, resolved.valid) == ("Noop", False)


def test_a_tolerant_game_takes_other_case_white_space_and_the_scaffold_spelling() -> None:
    for said in ("move  WEST ", "MoveWest", "Go Left"):
        resolved = resolve(said, TOLERANT, RULE)
        assert (resolved.executed, resolved.valid) == ("Move West", True)


def test_a_spelling_for_an_action_that_does_not_exist_is_invalid() -> None:
    assert resolve("dance", TOLERANT, RULE).executed == "Noop"


def test_silence_plays_the_fallback_and_is_no_invalid_action() -> None:
    assert resolve(None, EXACT, RULE).executed == "Move West"
    assert resolve(None, EXACT, ActionRule()).executed == "Noop"
    assert resolve(None, EXACT, ActionRule()).valid


def test_any_text_is_an_action_where_none_are_listed() -> None:
    assert resolve("say hello", EnvironmentInfo(name="free"), ActionRule()).executed == "say hello"


def test_the_notice_of_an_invalid_action_is_the_benchmark_wording() -> None:
    assert invalid_prefix("Noop") == (
        "\n\nYour previous output did not contain a valid action. Defaulted to action: Noop"
        "\n\nObservation:\n"
    )
