"""Steps and memory as text."""

from typing import Any

import msgspec

from automem.episode.views import StepView
from automem.records.memory import Edit
from automem.records.model import Usage
from automem.records.trace import Acted, Asked, Observed, Remembered, Warned
from automem.ui.steps import memory_text, searchable, step_text


def asked(**kwargs: Any) -> Asked:
    known: dict[str, Any] = {"phase": "plan", "role": "gameplay", "model": "m"}
    known.update(kwargs)
    return Asked(step=3, turn=0, messages=(), **known)


def remembered(**kwargs: Any) -> Remembered:
    known: dict[str, Any] = {"kind": "append", "file": "a.txt", "outcome": "done"}
    known.update({"result": "Added 1 line.", "phase": "plan", "turn": 0}, **kwargs)
    return Remembered(step=3, operation="APPEND", **known)


def acted(**kwargs: Any) -> Acted:
    known: dict[str, Any] = {"said": "walk", "executed": "walk", "valid": True}
    known.update({"reward": 0.0, "progression": 0.5}, **kwargs)
    return Acted(step=3, **known)


def step(**kwargs: Any) -> StepView:
    return StepView(number=3, **kwargs)


def test_a_step_reads_from_observation_to_action() -> None:
    text = step_text(
        step(
            observed=Observed(step=3, text="You see:\n- water", status="health 9", hash=""),
            asked=[
                asked(
                    model="big", reply="<|APPEND|>a.txt|x<|END|>", seconds=1.234,
                    usage=Usage(input_tokens=2000, cached_tokens=1500, output_tokens=30),
                )
            ],
            remembered=[
                remembered(
                    arguments=("a.txt", "x"), bytes_after=2,
                    edit=Edit(start=0, removed=0, added=("x",)),
                )
            ],
            acted=acted(events=("collect_wood",), reward=1.0),
        )
    )  # fmt: skip
    assert text.split("\n") == [
        "## Step 3",
        "",
        "**Observation**",
        "",
        "    You see:",
        "    - water",
        "",
        "    health 9",
        "",
        "**PLAN turn 1**: gameplay role, big, 2,000 tokens in (1,500 cached), 30 out, 1.23 s",
        "",
        "    <|APPEND|>a.txt|x<|END|>",
        "",
        "- APPEND `a.txt|x` -> done, +2 bytes",
        "",
        "      Added 1 line.",
        "",
        "**Action**: walk, reward +1, progression 50.00 %, achieved collect_wood",
    ]


def test_what_the_scaffolds_code_did_is_told() -> None:
    by_code = msgspec.structs.replace(
        remembered(kind="write", arguments=("food 3",), actor="code"), turn=-1
    )
    refused = Warned(step=3, kind="action_refused", text="walk: A wall.", about="guard/action")
    view = step(remembered=[by_code], warned=[refused], acted=acted(said="wait", replaced="walk"))
    text = step_text(view)
    assert "- APPEND `food 3` -> done, by code" in text
    assert "**Warning** (action_refused, guard/action): walk: A wall." in text
    assert "**Action**: walk (committed: `wait`, replaced by the scaffold's guard), reward" in text
    silent = step_text(step(acted=acted(said=None, replaced="walk")))
    assert "(nothing was committed, replaced by the scaffold's guard)" in silent
    assert ("warning action_refused", "guard/action walk: A wall.") in list(searchable(view))


def test_what_is_unusual_about_a_call_is_told() -> None:
    unusual = asked(model="", waited_seconds=65.0, retries=2, cost=0.25, finish="length")
    text = step_text(step(asked=[unusual]))
    assert "0.00 s, waited 1 min 05 s, 2 retries, $0.2500, ended by length" in text
    assert "(empty reply)" in text and "No action: the episode ends here." in text


def test_failed_calls_and_warnings_are_told() -> None:
    text = step_text(
        step(
            failed=[asked(phase="log", error="the engine is gone")],
            warned=[Warned(step=3, kind="turn_limit", text="LOG took ten turns")],
        )
    )
    assert "**LOG call failed**: the engine is gone" in text
    assert "**Warning** (turn_limit): LOG took ten turns" in text


def test_what_became_of_the_committed_action_is_told() -> None:
    silent = step_text(step(acted=acted(said=None, ended="died")))
    assert "walk (nothing was committed), reward +0" in silent and "ended: died" in silent
    spelled = step_text(step(acted=acted(said="Walk  on")))
    assert "walk (committed: `Walk on`), reward" in spelled
    wrong = step_text(step(acted=acted(said="x" * 200, valid=False)))
    assert f"(committed: `{'x' * 117}...`, not valid)" in wrong


def test_code_is_named_as_the_author_of_what_it_did() -> None:
    text = step_text(step(asked=[asked()], remembered=[remembered(actor="code", outcome="empty")]))
    assert "- APPEND `` -> empty, by code" in text


def test_what_code_wrote_stands_before_the_model_did_or_before_plan() -> None:
    code = remembered(actor="code", turn=-1, phase="log", arguments=("code",))
    model = remembered(phase="log", arguments=("model",))
    calls = [asked(phase="log", reply="noted"), asked(phase="plan", reply="go")]

    def order(*written: Remembered) -> list[str]:
        text = step_text(step(asked=calls, remembered=list(written)))
        places = {word: text.find(word) for word in ("`code`", "noted", "`model`", "go")}
        return sorted([word for word in places if places[word] >= 0], key=places.__getitem__)

    assert order(code, model) == ["`code`", "noted", "`model`", "go"]
    assert order(model, code) == ["noted", "`model`", "`code`", "go"]
    assert order(code) == ["noted", "`code`", "go"]


def test_an_observation_without_a_status_is_its_text() -> None:
    text = step_text(step(observed=Observed(step=3, text="All is dark.", hash="")))
    assert text.startswith("## Step 3\n\n**Observation**\n\n    All is dark.\n\nNo action")


def test_changes_of_the_memory_are_marked_line_by_line() -> None:
    before = {"a.txt": "one\ntwo\nthree\n", "gone.txt": "x\n", "same.txt": "y\n"}
    after = {"a.txt": "one\n2\nthree\nfour\n", "new.txt": "", "same.txt": "y\n"}
    assert memory_text(before, after, 7).split("\n") == [
        "## Memory after step 7",
        "",
        "**a.txt**, 4 lines, changed",
        "",
        "      one",
        "    - two",
        "    + 2",
        "      three",
        "    + four",
        "",
        "**gone.txt**, 0 lines, gone",
        "",
        "    - x",
        "",
        "**new.txt**, 0 lines, new",
        "",
        "    (empty)",
        "",
        "**same.txt**, 1 line",
        "",
        "      y",
    ]


def test_every_text_of_a_step_can_be_searched() -> None:
    view = step(
        observed=Observed(step=3, text="o", status="s", hash=""),
        asked=[asked(reply="r")],
        failed=[asked(error="e")],
        remembered=[remembered(result="m")],
        warned=[Warned(step=3, kind="k", text="w")],
        acted=acted(events=("v",)),
    )
    assert [text for _, text in searchable(view)] == ["o", "s", "r", "e", "m", "w", "walk", "v"]
    assert list(searchable(step())) == []
