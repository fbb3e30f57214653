"""Steps as text, with everything that can go wrong in one."""

from __future__ import annotations

from automem.episode.views import StepView
from automem.memory.edits import difference
from automem.records.environment import EnvironmentInfo
from automem.records.model import Message
from automem.records.trace import Acted, Asked, Observed, Remembered, Started, Warned
from automem.review.memory_use import memory_use
from automem.review.stepping import short_steps, whole_step


def a_step() -> StepView:
    long = "a long answer\n" * 100
    return StepView(
        number=4,
        observed=Observed(step=4, text="A wall.", prefix="No such action.\n", hash="h"),
        asked=[
            Asked(
                step=4,
                phase="log",
                turn=0,
                role="memory",
                model="m",
                messages=(
                    Message(role="system", content="Rules."),
                    Message(role="user", content="LOG."),
                ),
                reply="",
                finish="length",
            )
        ],
        failed=[
            Asked(
                step=4, phase="plan", turn=0, role="gameplay", model="m", messages=(), error="down"
            )
        ],
        remembered=[
            Remembered(
                step=4,
                phase="log",
                turn=0,
                operation="READ",
                kind="read",
                file="a.txt",
                arguments=("a.txt",),
                outcome="done",
                result=long,
            ),
            Remembered(
                step=4,
                phase="log",
                turn=0,
                actor="code",
                operation="APPEND",
                kind="append",
                file="status.txt",
                arguments=("health 9",),
                outcome="done",
                result="Added 1 line.",
                bytes_after=9,
                edit=difference([], ["health 9"]),
            ),
        ],
        acted=Acted(
            step=4,
            said=None,
            executed="wait",
            replaced="go",
            refused=2,
            valid=False,
            reward=-1.0,
            progression=0.5,
            events=("tried",),
            ended="died",
        ),
        warned=[Warned(step=4, kind="no_action", text="nothing was said", about="guard/action")],
    )


def test_a_whole_step_hides_nothing_but_the_instructions() -> None:
    text = whole_step(a_step())
    for part in (
        "No such action.\nA wall.",
        "cut off by its length",
        "(empty)",
        "## Written by code",
        "- APPEND health 9 -> done (+9 bytes) by code: Added 1 line.",
        "A PLAN call failed: down",
        "Warning (no_action, guard/action): nothing was said",
        "Action: wait (said: None), not a valid action, put there by the scaffold's guard, "
        "after guard refused 2, reward -1, progression 50.0 %, achieved tried, ended: died",
    ):
        assert part in text
    assert text.count("a long answer") == 100
    assert "Rules." not in text
    assert "Rules." in whole_step(a_step(), system=True)


def test_an_episode_in_short_cuts_long_answers() -> None:
    lines = list(short_steps([a_step(), StepView(number=5)]))
    assert lines[0] == "# Step 4"
    assert max(map(len, lines)) < 400
    assert any("by code" in line for line in lines)
    assert lines[-2:] == ["# Step 5", "No action: the episode ended here."]


def test_uses_are_counted_apart_by_who_wrote_and_warnings_by_kind() -> None:
    start = Started(
        step=0, info=EnvironmentInfo(name="hand"), seed=1, scaffold="", agent="logplan", roles={}
    )
    step = a_step()
    use = memory_use([(5, [start, *step.remembered, *step.warned])])
    assert [(one.actor, one.operation) for one in use.operations] == [
        ("code", "APPEND"),
        ("llm", "READ"),
    ]
    assert use.warnings == {"no_action": 1}
    assert (use.recalled_steps, use.written_steps) == (0, 0)
    (file,) = use.files
    assert (file.file, file.lines, file.bytes, file.writes) == ("status.txt", 1.0, 9.0, 1)
