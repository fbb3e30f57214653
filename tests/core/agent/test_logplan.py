"""LOG and PLAN: order, limits, hand-over, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from automem.agent.making import make_agent
from automem.errors import ConfigError
from automem.records.config import AgentSection
from automem.records.model import ModelReply
from automem.records.scaffold import ActionRule, ScaffoldLimits
from automem.records.trace import Asked, Remembered, Warned
from automem.testing.toy import Toy

Play = Callable[..., Any]
WALK = "<|ACTION|>walk<|END|>"


def test_there_is_no_log_at_step_zero_and_one_before_every_later_plan(play: Play) -> None:
    played = play([WALK, "<|DONE|>", WALK], steps=2)
    phases = [(e.step, e.phase, e.role) for e in played.events if isinstance(e, Asked)]
    assert phases == [(0, "plan", "gameplay"), (1, "log", "memory"), (1, "plan", "gameplay")]


def test_each_phase_is_a_fresh_conversation_with_the_same_system_message(play: Play) -> None:
    played = play([WALK, "<|DONE|>", WALK], steps=2)
    systems = {request.messages[0].content for request in played.requests}
    assert len(systems) == 1
    assert [len(request.messages) for request in played.requests] == [2, 2, 2]


def test_operations_run_in_the_order_written_and_their_results_come_back(play: Play) -> None:
    both = "<|WRITE|>log.txt|second<|END|><|APPEND|>log.txt|third<|END|><|READ|>log.txt<|END|>"
    played = play([WALK, both, "<|DONE|>", WALK], steps=2)
    assert played.memory["log.txt"] == "second\nthird\n"
    shown = played.requests[2].messages[-1].content
    assert shown.index("WRITE") < shown.index("APPEND") < shown.index("READ")
    assert "third" in shown
    assert [e.operation for e in played.events if isinstance(e, Remembered)] == [
        "WRITE",
        "APPEND",
        "READ",
    ]


def test_a_reply_that_repeats_itself_carries_out_so_many_operations_and_no_more(play: Play) -> None:
    stutter = "".join(f"<|APPEND|>log.txt|note {number}<|END|>" for number in range(200))
    limits = ScaffoldLimits(reply_operations=3)
    played = play([WALK, stutter, "<|DONE|>", WALK], steps=2, limits=limits)
    done = [e for e in played.events if isinstance(e, Remembered)]
    assert [e.arguments[-1] for e in done] == ["note 0", "note 1", "note 2"]
    shown = played.requests[2].messages[-1].content
    assert "may hold 3 operations; the last 197 were not carried out" in shown
    assert [e.kind for e in played.events if isinstance(e, Warned)] == ["operation_limit"]


def test_the_answers_to_one_reply_stay_within_their_bound(play: Play) -> None:
    read = "<|READ|>log.txt<|END|>"
    written = f"<|WRITE|>log.txt|{'x' * 400}<|END|>"
    limits = ScaffoldLimits(reply_bytes=10, result_bytes=1_000)
    played = play(
        [WALK, written + read * 9 + "<|COUNT|>", "<|DONE|>", WALK], steps=2, limits=limits
    )
    shown = played.requests[2].messages[-1].content
    assert shown.count("x" * 400) == 2
    assert shown.count("Not shown: one reply asked for too much.") == 7
    assert "There is no operation <|COUNT|> here" in shown


def test_grouped_repeats_the_published_order(play: Play) -> None:
    both = "<|WRITE|>log.txt|second<|END|><|APPEND|>log.txt|third<|END|><|READ|>log.txt<|END|>"
    played = play([WALK, f"{both}<|DONE|>", WALK], steps=2, order="grouped")
    names = [e.operation for e in played.events if isinstance(e, Remembered)]
    assert names == ["READ", "APPEND", "WRITE"]
    assert played.memory["log.txt"] == "second\n"


def test_the_trace_holds_each_message_once(play: Play) -> None:
    played = play([WALK, "<|READ|>log.txt<|END|>", "<|DONE|>", WALK], steps=2)
    log = [e for e in played.events if isinstance(e, Asked) and e.phase == "log"]
    assert [len(asked.messages) for asked in log] == [2, 1]
    talk = played.steps[1].conversation("log")
    assert tuple(talk[:-1]) == played.requests[2].messages


def test_log_ends_at_a_reply_without_operations(play: Play) -> None:
    played = play([WALK, "Nothing to note.", WALK], steps=2)
    assert len(played.requests) == 3


def test_log_ends_at_its_turn_limit_and_says_so(play: Play) -> None:
    read = "<|READ|>log.txt<|END|>"
    limits = ScaffoldLimits(log_turns=2)
    played = play([WALK, read, read, WALK], steps=2, limits=limits)
    assert [warned.kind for warned in played.steps[1].warned] == ["turn_limit"]


def test_an_action_in_log_is_ignored_and_noted(play: Play) -> None:
    played = play([WALK, WALK, WALK], steps=2)
    assert [warned.kind for warned in played.steps[1].warned] == ["action_in_log"]
    assert played.steps[1].observed.status.startswith("room 1, 1 steps")


def test_a_broken_operation_is_answered_so_that_it_can_be_repaired(play: Play) -> None:
    played = play([WALK, "<|APEND|>log.txt|x<|END|>", "<|DONE|>", WALK], steps=2)
    assert "<|APPEND|>" in played.requests[2].messages[-1].content
    assert played.memory["log.txt"] == "Log:\n"


def test_a_reply_cut_off_at_its_token_limit_writes_no_half_file(play: Play) -> None:
    half = ModelReply(text="<|WRITE|>log.txt|only the first wor", finish="length")
    played = play([WALK, half, "<|DONE|>", WALK], steps=2)
    assert played.memory["log.txt"] == "Log:\n"
    assert "cut off within <|WRITE|>" in played.requests[2].messages[-1].content


def test_plan_may_read_but_not_write(play: Play) -> None:
    played = play(["<|APPEND|>log.txt|x<|END|>", "<|READ|>log.txt<|END|>", WALK])
    assert "no operation <|APPEND|>" in played.requests[1].messages[-1].content
    assert "Log:" in played.requests[2].messages[-1].content
    assert played.memory["log.txt"] == "Log:\n"


def test_a_plan_without_action_is_told_and_falls_back_at_its_limit(play: Play) -> None:
    played = play(
        ["Let me think.", "", "Still thinking."],
        limits=ScaffoldLimits(plan_turns=3),
        actions=ActionRule(fallback="walk"),
    )
    assert "committed no action" in played.requests[1].messages[-1].content
    acted = played.steps[0].acted
    assert (acted.said, acted.executed, acted.valid) == (None, "walk", True)
    assert [warned.kind for warned in played.steps[0].warned] == ["no_action"]


def test_the_notice_of_no_change_grows_stronger_and_survives_invalid_actions(play: Play) -> None:
    def answer(request: Any) -> str:
        return "<|DONE|>" if "LOG." in request.messages[1].content else "<|ACTION|>fly<|END|>"

    played = play(answer, steps=4)
    plans = [r.messages[1].content for r in played.requests if "PLAN." in r.messages[1].content]
    assert "Note:" not in plans[0]
    assert "changed nothing" in plans[1]
    assert "Defaulted to action: wait" in plans[1]
    assert "3 actions in a row" in plans[3]


def test_a_specialist_consults_and_never_commits_an_action(play: Play) -> None:
    played = play(
        ["<|READ|>log.txt<|END|>", "<|HANDOFF|>", "<|DONE|>", WALK],
        gameplay=["<|ACTION|>wait<|END|>", "<|ACTION|>wait<|END|>"],
        steps=2,
    )
    first = played.steps[0].turns("plan")
    assert [asked.role for asked in first] == ["memory", "memory", "gameplay"]
    assert [step.acted.executed for step in played.steps[:2]] == ["wait", "wait"]
    assert [warned.kind for warned in played.steps[1].warned] == ["action_by_memory"]


def test_gameplay_sees_the_consultation_and_a_handoff_with_the_last_results(play: Play) -> None:
    played = play(
        ["<|READ|>log.txt<|END|><|HANDOFF|>"], gameplay=["<|ACTION|>wait<|END|>"], steps=1
    )
    messages = played.gameplay_requests[0].messages
    assert messages[2].content.endswith("<|HANDOFF|>")
    assert "You play now" in messages[3].content
    assert "Log:" in messages[3].content


def test_consultation_ends_at_its_limit_and_gameplay_may_read_on(play: Play) -> None:
    read = "<|READ|>log.txt<|END|>"
    played = play([read, read], gameplay=[read, WALK], limits=ScaffoldLimits(plan_turns=2))
    assert [warned.kind for warned in played.steps[0].warned] == ["turn_limit"]
    assert [asked.role for asked in played.steps[0].asked] == ["memory"] * 2 + ["gameplay"] * 2
    assert played.steps[0].acted.executed == "walk"


def test_consultation_without_operations_hands_over(play: Play) -> None:
    played = play(["I know enough."], gameplay=[WALK])
    assert [asked.role for asked in played.steps[0].asked] == ["memory", "gameplay"]


def test_an_agent_that_plays_by_a_scaffold_needs_one() -> None:
    with pytest.raises(ConfigError, match="needs a scaffold"):
        make_agent(AgentSection(), Toy("default").info, None, consults=False)
