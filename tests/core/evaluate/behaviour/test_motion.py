"""Stuck and oscillating actions, on traces written by hand."""

import pytest

from automem.evaluate.behaviour.episode import behaviour
from automem.records.environment import EnvironmentInfo

from .tape import Tape

INFO = EnvironmentInfo(
    name="hand",
    actions=("left", "right", "up", "wait"),
    opposites=(("left", "right"),),
    waiting=("wait",),
    volatile=(r"T:\d+",),
    prompts=(r"--More--",),
)


def played(texts: str, actions: list[str], **more: list[tuple[int, int, int]]) -> Tape:
    """A trace whose observations are the letters of `texts`; one more of them than of actions."""
    tape = Tape(INFO)
    places = more.get("at")
    for number, text in enumerate(texts):
        tape.see(text, at=places[number] if places else None)
        if number < len(actions):
            tape.act(actions[number])
    return tape


def test_an_action_after_which_all_is_as_before_is_stuck() -> None:
    counts = behaviour(played("aabbb", ["left", "up", "left", "up"]).events)
    assert (counts.steps, counts.stuck, counts.unproductive, counts.oscillating) == (4, 3, 3, 0)


def test_trailing_blanks_volatile_text_and_notices_make_no_difference() -> None:
    tape = Tape(INFO)
    tape.see("a wall  \nT:17 \n", status="full")
    tape.act("left")
    tape.see("a wall\nT:18\n\n", status="full ")
    tape.act("up")
    tape.see("a wall\nT:19", status="hungry")
    tape.act("up")
    tape.see("a door\nT:20", status="hungry")
    assert behaviour(tape.events).stuck == 1


def test_five_waits_in_a_row_are_waiting_and_the_sixth_is_stuck() -> None:
    assert behaviour(played("a" * 6, ["wait"] * 5).events).stuck == 0
    assert behaviour(played("a" * 8, ["wait"] * 7).events).stuck == 2
    assert behaviour(played("aaaaaba", ["wait"] * 3 + ["up"] + ["wait"] * 2).events).stuck == 1


def test_a_waiting_action_in_place_of_an_invalid_one_is_stuck() -> None:
    tape = Tape(INFO)
    tape.see("a")
    tape.act("wait", valid=False)
    tape.see("a")
    counts = behaviour(tape.events)
    assert (counts.stuck, counts.invalid_actions) == (1, 1)


def test_a_key_that_answers_a_prompt_may_change_nothing() -> None:
    tape = Tape(INFO)
    for _ in range(2):
        tape.see("You hear a door. --More--")
        tape.act("up")
    tape.see("You hear a door. --More--")
    assert behaviour(tape.events).stuck == 0


def test_six_moves_between_two_places_are_all_oscillating() -> None:
    two = [(0, 0, 0), (1, 0, 0)] * 4
    counts = behaviour(played("abcdefg", ["left", "right"] * 3, at=two).events)
    assert (counts.oscillating, counts.stuck, counts.unproductive) == (6, 0, 6)
    assert behaviour(played("abcdef", ["left", "right"] * 2, at=two).events).oscillating == 0


def test_a_seventh_step_to_and_fro_counts_once() -> None:
    two = [(0, 0, 0), (1, 0, 0)] * 4
    assert behaviour(played("abcdefgh", ["left", "right"] * 4, at=two).events).oscillating == 7


def test_a_third_place_or_too_few_moves_is_no_oscillation() -> None:
    three = [(0, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0), (2, 0, 0)]
    rests = [(0, 0, 0), (1, 0, 0), (0, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0)]
    for places in (three, rests):
        assert (
            behaviour(played("abcdefg", ["left", "right"] * 3, at=places).events).oscillating == 0
        )


@pytest.mark.parametrize("fruit", [{"reward": 1.0}, {"progression": 0.1}, {"events": ("door",)}])
def test_a_window_that_earned_something_is_no_oscillation(fruit: dict[str, object]) -> None:
    tape = Tape(INFO)
    for step in range(6):
        tape.see(str(step), at=(step % 2, 0, 0))
        tape.act("left", **(fruit if step == 3 else {}))
    tape.see("end", at=(0, 0, 0))
    assert behaviour(tape.events).oscillating == 0


def test_without_places_three_reversals_of_two_actions_are_oscillation() -> None:
    found = behaviour(
        played("abcdefg", ["left", "right", "left", "right", "right", "right"]).events
    )
    assert found.oscillating == 6
    for actions in (
        ["left", "right", "left", "left", "left", "left"],
        ["left", "right", "left", "right", "up", "up"],
    ):
        assert behaviour(played("abcdefg", actions).events).oscillating == 0


def test_a_step_that_is_both_counts_once_as_unproductive() -> None:
    counts = behaviour(played("aabcdef", ["left", "right"] * 3).events)
    assert (counts.stuck, counts.oscillating, counts.unproductive) == (1, 6, 6)
