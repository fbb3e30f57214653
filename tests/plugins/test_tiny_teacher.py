"""The teacher of the small model: what it wants, says and does, from what a prompt shows."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from automem.records.model import Message
from automem_tiny.teacher.acting import act
from automem_tiny.teacher.player import LOOK_BACK, Habits, Vocabulary, log, plan
from automem_tiny.teacher.recording import Happened, next_state
from automem_tiny.teacher.state import State, read_state
from automem_tiny.teacher.view import read_view
from automem_tiny.teacher.wants import wanted

STATUS = """\
Your status:
- health: 9/9
- food: 7/9
- drink: {drink}/9
- energy: 9/9

Your inventory:
{inventory}"""
SEES = """\
You see:
- grass 1 step to your west
- tree {trees}
- water 4 steps to your south

You face {front} at your front."""
CAREFUL = Habits(consults=True, searches=True)
HASTY = Habits(consults=False, searches=False)
APPENDED = Vocabulary(keyed=False)


def view(
    trees: str = "3 steps to your north-east",
    front: str = "grass",
    drink: int = 9,
    inventory: str = "- wood: 1",
):
    return read_view(
        SEES.format(trees=trees, front=front), STATUS.format(drink=drink, inventory=inventory)
    )


def talk(*said: str) -> list[Message]:
    """Messages that take turns, the user's first."""
    speakers = ("user", "assistant")
    return [Message(role=speakers[place % 2], content=text) for place, text in enumerate(said)]


@pytest.mark.parametrize(
    "state",
    [
        State(),
        State((-3, 12), "west", "water", (4, -5), None, frozenset({"cow", "drink"})),
        State((0, 1), "north", "iron", None, ("east", 8)),
    ],
)
def test_a_state_is_read_as_it_was_written(state: State) -> None:
    assert read_state(["nothing", f"[SEARCH log.txt]\n{state.text()}"]) == state


def test_the_last_state_counts() -> None:
    texts = [State((1, 1)).text(), f"{State((2, 2)).text()}\n{State((3, 3)).text()}"]
    assert read_state(texts) == State((3, 3))


def test_a_view_tells_where_the_nearest_is() -> None:
    seen = view()
    assert seen.ways("tree") == ["north", "east"]
    assert seen.cell("tree") is None
    assert seen.cell("water") == (0, 4)
    assert seen.items == {"wood": 1}


def test_thirst_goes_before_wood() -> None:
    done = frozenset({"drink", "plant"})
    assert wanted(view(), 3, done, "") == "tree"
    assert wanted(view(drink=3), 3, done, "") == "water"


def test_enough_wood_asks_for_a_table() -> None:
    done = frozenset({"drink", "plant"})
    assert wanted(view(inventory="- wood: 4"), 3, done, "tree") == "table"


def test_what_is_wanted_and_faced_is_taken() -> None:
    state = State(facing="east", want="tree")
    assert act(view("1 step to your east", "tree"), 3, state, Random(1)) == "Do"


def test_a_way_that_is_kept_to_goes_before_the_straight_line() -> None:
    state = State(facing="south", want="tree", go=("south", 3))
    assert act(view(), 3, state, Random(1)) == "Move South"


def test_lava_is_not_walked_into() -> None:
    text = "You see:\n- lava 1 step to your east\n- grass 1 step to your west\n\n"
    seen = read_view(f"{text}You face grass at your front.", STATUS)
    state = State(facing="north", want="iron", go=("east", 3))
    assert act(seen, 3, state, Random(1)) != "Move East"


def test_a_careful_plan_looks_its_state_up_and_a_hasty_one_acts() -> None:
    asked = talk("PLAN.")
    assert plan(asked, view(), 3, CAREFUL, Random(1)) == LOOK_BACK
    assert plan(asked, view(), 3, HASTY, Random(1)).startswith("<|ACTION|>")


def test_a_shown_state_is_not_looked_up() -> None:
    shown = talk(f"PLAN.\n\n## State\n{State(want='tree').text()}")
    assert plan(shown, view(), 3, CAREFUL, Random(1)).startswith("<|ACTION|>Move ")


def test_what_the_memory_role_named_is_committed_after_the_hand_off() -> None:
    named = "<|ACTION|>Move North<|END|>"
    assert plan(talk("PLAN.", named, "Act now."), view(), 3, CAREFUL, Random(1)) == named


def test_without_its_state_a_careful_log_looks_it_up_and_a_hasty_one_guesses() -> None:
    happened = told("3 steps to your north-east", "2 steps to your north")
    asked = talk("LOG.")
    question = log(asked, happened, APPENDED, CAREFUL, Random(1))
    assert question.splitlines()[0] == LOOK_BACK
    found = [*asked, *talk("", question, f"1 line:\n7: {State((5, 5)).text()}")[1:]]
    assert "|@west moved 4,5, want " in log(found, happened, APPENDED, CAREFUL, Random(1))
    guessed = log(asked, happened, APPENDED, HASTY, Random(1))
    assert guessed.startswith("<|APPEND|>log.txt|want ")
    assert "@" not in guessed


def test_only_rock_on_all_sides_is_a_den() -> None:
    dug = Happened(view(front="path"), "Move West", (), view(front="grass"), 14, (-1, 0))
    state = State(want="enter", done=frozenset({"plant"}))
    happened = replace(dug, now=replace(dug.now, items={"wood_pickaxe": 1}))
    assert next_state(state, happened, Random(1)).want == "den"
    rocky = replace(happened, now=replace(happened.now, front="stone"))
    assert next_state(state, rocky, Random(1)).want == "deeper"


def told(before: str, now: str) -> Happened:
    return Happened(view(before), "Move West", (), view(now), 3, (-1, 0))


def test_a_log_moves_the_position_by_what_really_happened() -> None:
    state = next_state(State((5, 5)), told("3 steps to your north-east", "9"), Random(1))
    assert (state.at, state.facing) == ((4, 5), "west")


def test_a_careful_log_searches_before_it_notes_a_place() -> None:
    state = State((5, 5), done=frozenset({"drink", "plant"}))
    happened = told("3 steps to your north-east", "2 steps to your north")
    asked = talk(f"LOG.\n{state.text()}")
    question = log(asked, happened, APPENDED, CAREFUL, Random(1))
    assert question == "<|SEARCH|>places.txt|tree<|END|>"

    known = [*asked, *talk("", question, '1 line with "tree":\n3: tree 4,3')[1:]]
    assert "places.txt" not in log(known, happened, APPENDED, CAREFUL, Random(1))
    far = [*asked, *talk("", question, '1 line with "tree":\n3: tree 40,3')[1:]]
    assert log(far, happened, APPENDED, CAREFUL, Random(1)).startswith(
        "<|APPEND|>places.txt|tree 4,3<|END|>\n<|APPEND|>log.txt|@west moved 4,5, want tree"
    )


def test_a_hasty_log_notes_it_at_once() -> None:
    state = State((5, 5), done=frozenset({"drink", "plant"}))
    happened = told("3 steps to your north-east", "2 steps to your north")
    said = log(talk(state.text()), happened, Vocabulary(keyed=True), HASTY, Random(1))
    assert said.startswith("<|SET_PLACES|>4,3|tree<|END|>\n")
    assert said.endswith("<|END|><|DONE|>")


def test_a_way_back_is_found_where_the_search_answers() -> None:
    state = State((5, 5), want="water", done=frozenset({"plant", "drink"}))
    text = "You see:\n- grass 1 step to your west\n\nYou face grass at your front."
    seen = read_view(text, STATUS.format(drink=2, inventory="- wood: 1"))
    happened = Happened(seen, "Move West", (), seen, 3, (-1, 0))
    asked = talk(state.text())
    question = log(asked, happened, APPENDED, CAREFUL, Random(1))
    assert question == "<|SEARCH|>places.txt|water<|END|>"
    found = [*asked, *talk("", question, '1 line with "water":\n2: water -9,5')[1:]]
    assert "want water -9,5" in log(found, happened, APPENDED, CAREFUL, Random(1))
    assert ", go " in log(asked, happened, APPENDED, HASTY, Random(1))
