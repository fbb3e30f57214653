"""Scaffold code in an episode: when it is asked, what it may do, what becomes of its failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from automem.errors import CodeFault, ReplayMismatch, ScaffoldError
from automem.memory.store import MemoryStore
from automem.records.code import CodeContext
from automem.records.scaffold import CodeRule, FileRule, ScaffoldLimits
from automem.records.trace import Acted, Asked, Remembered, Warned
from automem.scaffold.code import FILES_BYTES, shown_files
from automem.scaffold.load import load_scaffold
from automem.testing.toy import toy_scaffold

Play = Callable[..., Any]
WALK = "<|ACTION|>walk<|END|>"
WAIT = "<|ACTION|>wait<|END|>"
STATUS = {"status.txt": FileRule(modes=(), code_modes=("write",)), "log.txt": FileRule()}


def after(asked: list[str], fault: str | None = None) -> Callable[[dict[str, Any]], None]:
    """A function that keeps the moments of its calls, and fails in those of one kind."""

    def remember(context: dict[str, Any]) -> None:
        asked.append(f"{context['step']} {context['moment']}")
        if fault is not None and context["moment"] == fault:
            raise CodeFault("it took too long", kind="timeout")

    return remember


def test_remember_is_called_before_log_and_after_it_and_knows_what_log_wrote(play: Play) -> None:
    seen: list[tuple[int, str, int]] = []

    def remember(context: dict[str, Any]) -> None:
        writes = context["counters"]["log_writes"]
        seen.append((context["step"], context["moment"], writes))

    log = "<|APPEND|>log.txt|a<|END|><|APPEND|>log.txt|b<|END|><|DONE|>"
    play([WALK, log, WALK], steps=2, code={"remember": remember})
    assert seen == [(0, "observed", 0), (1, "observed", 0), (1, "logged", 2)]


def test_writes_of_code_are_done_by_the_host_under_the_rules_of_the_file(play: Play) -> None:
    def remember(context: dict[str, Any]) -> dict[str, Any]:
        write = {"file": "status.txt", "mode": "write", "text": context["status"]}
        other = {"file": "log.txt", "mode": "append", "text": "by code"}
        return {"writes": [write, other]}

    played = play([WALK], code={"remember": remember}, files=STATUS)
    events = [event for event in played.events if isinstance(event, Remembered)]
    assert [(e.actor, e.operation, e.outcome, e.turn) for e in events] == [
        ("code", "CODE_WRITE", "done", -1),
        ("code", "CODE_APPEND", "refused", -1),
    ]
    assert 'add it to files."log.txt".code_modes' in events[1].result
    assert played.memory["status.txt"] == "room 1, 0 steps from its sign\n"
    assert "- status.txt (1 lines)" in played.requests[0].messages[-1].content
    assert played.events[-1].totals.operations == 0


def test_notices_of_remember_and_perceive_reach_the_prompts_they_are_for(play: Play) -> None:
    def remember(context: dict[str, Any]) -> dict[str, Any]:
        return {"notices": [f"remember {context['moment']}"]}

    def perceive(context: dict[str, Any]) -> dict[str, Any]:
        return {"notices": [f"perceive {context['moment']}"]}

    code = {"remember": remember, "perceive": perceive}
    played = play([WALK, "<|DONE|>", WALK], steps=2, code=code)
    first, log, plan = (request.messages[-1].content for request in played.requests)
    assert "Note: remember observed\nNote: perceive plan\n" in first
    assert "Note: remember observed\nNote: perceive log\n" in log
    assert "Note: remember logged\nNote: perceive plan\n" in plan
    assert "remember observed" not in plan


def test_slots_have_what_perceive_gives_or_what_the_manifest_says(play: Play) -> None:
    def perceive(context: dict[str, Any]) -> dict[str, Any] | None:
        return {"slots": {"place": context["status"]}} if context["step"] else None

    prompts = {"plan.md": "PLAN {{ operations }} <{{ slots.place }}> {{ observation }}"}
    code = CodeRule(slots={"place": "nowhere"})
    played = play(
        [WALK, "<|DONE|>", WALK],
        steps=2,
        code={"perceive": perceive},
        texts=prompts,
        rule=code,
    )
    first, _, second = (request.messages[-1].content for request in played.requests)
    assert "<nowhere>" in first
    assert "<room 1, 1 steps from its sign>" in second


def test_another_prompt_takes_the_place_of_plan_for_one_step(play: Play) -> None:
    def perceive(context: dict[str, Any]) -> dict[str, Any] | None:
        at_sign = context["moment"] == "plan" and "sign says" in context["observation"]
        return {"prompt": "plan_sign"} if at_sign else None

    played = play(
        [WALK, "<|DONE|>", WALK],
        steps=2,
        code={"perceive": perceive},
        texts={"plan_sign.md": "PLAN at a sign. {{ observation }}"},
    )
    first, _, second = (request.messages[-1].content for request in played.requests)
    assert first.startswith("PLAN at a sign. A sign says")
    assert second.startswith("PLAN. Recall")


def test_a_refused_action_is_asked_again_and_the_third_one_is_executed(play: Play) -> None:
    def guard(context: dict[str, Any], action: str) -> dict[str, Any]:
        return {"reject": f"{action} again, after {context['counters']['refused']}."}

    played = play([WAIT, WALK, WAIT], code={"guard": guard})
    (acted,) = [event for event in played.events if isinstance(event, Acted)]
    assert (acted.said, acted.executed, acted.refused) == ("wait", "wait", 2)
    warned = [(e.kind, e.about, e.text) for e in played.events if isinstance(e, Warned)]
    assert warned == [
        ("action_refused", "guard/action", "wait: wait again, after 0."),
        ("action_refused", "guard/action", "walk: walk again, after 1."),
    ]
    told = played.requests[1].messages[-1].content
    assert 'Your action "wait" was not carried out: wait again, after 0.' in told


def test_an_action_is_replaced_and_the_trace_says_what_was_said(play: Play) -> None:
    def guard(context: dict[str, Any], action: str | None) -> dict[str, Any] | str:
        return "accept" if context["accepted"] else {"replace": "walk"}

    played = play(["<|ACTION|>go on<|END|>", "<|DONE|>", WAIT], steps=2, code={"guard": guard})
    one, two = [event for event in played.events if isinstance(event, Acted)]
    assert (one.said, one.replaced, one.executed, one.valid) == ("go on", "walk", "walk", True)
    assert (two.said, two.replaced, two.executed) == ("wait", None, "wait")


def test_guard_may_act_where_nothing_was_committed_but_not_refuse_that(play: Play) -> None:
    answers = iter(({"reject": "Say something."}, {"replace": "walk"}))
    silent = ["Hm."] * 3
    code = {"guard": lambda context, action: next(answers)}
    played = play([*silent, "<|DONE|>", *silent], steps=2, code=code)
    one, two = [event for event in played.events if isinstance(event, Acted)]
    assert (one.said, one.replaced, one.executed, one.refused) == (None, None, "wait", 0)
    assert (two.said, two.replaced, two.executed) == (None, "walk", "walk")


def test_a_refused_action_costs_no_reply_of_plan(play: Play) -> None:
    read = "<|READ|>log.txt<|END|>"

    def guard(context: dict[str, Any], action: str) -> dict[str, Any] | None:
        return {"reject": "No."} if action == "wait" else None

    played = play([WAIT, read, read, WALK], code={"guard": guard})
    assert len([event for event in played.events if isinstance(event, Asked)]) == 4
    assert [event.executed for event in played.events if isinstance(event, Acted)] == ["walk"]


def test_states_come_back_and_go_one_way_from_memory_to_the_guard(play: Play) -> None:
    seen: list[tuple[str, dict[str, int], dict[str, int], dict[str, int]]] = []

    def keep(context: dict[str, Any], action: str = "") -> dict[str, Any]:
        states = [dict(context[key]) for key in ("state", "remembered", "perceived")]
        seen.append((context["moment"], *states))
        return {"state": {"calls": context["state"].get("calls", 0) + 1}}

    play(
        [WALK, "<|DONE|>", WALK],
        steps=2,
        code=dict.fromkeys(("remember", "perceive", "guard"), keep),
    )
    assert seen[:3] == [
        ("observed", {}, {}, {}),
        ("plan", {}, {"calls": 1}, {}),
        ("action", {}, {"calls": 1}, {"calls": 1}),
    ]
    assert seen[-1] == ("action", {"calls": 1}, {"calls": 3}, {"calls": 3})


def test_the_context_holds_no_seed_no_position_and_no_progression() -> None:
    known = set(CodeContext.__struct_fields__)
    assert not known & {"seed", "position", "progression", "success", "hash", "folder", "key"}


@pytest.mark.parametrize(
    ("function", "answer", "said"),
    [
        ("remember", {"writes": [{"file": "no.txt", "mode": "write", "text": "x"}]}, "no.txt"),
        ("remember", {"wrote": []}, "unknown field `wrote`"),
        ("remember", ["x"], "Expected `object`"),
        ("remember", {"notices": ["x" * 501]}, "length <= 500"),
        ("remember", {"state": {"x": "x" * 200_000}}, "state of 200008 bytes"),
        (
            "remember",
            {"writes": [{"file": "log.txt", "mode": "write", "text": "x" * 7_000}] * 10},
            "70000 characters",
        ),
        ("perceive", {"slots": {str(n): "x" * 16_000 for n in range(5)}}, "80000 characters"),
        ("perceive", {"slots": {"place": "here"}}, "[code.slots] does not declare"),
        ("perceive", {"prompt": "plan_continue"}, "no file prompts/plan_*.md"),
        ("guard", {"replace": "fly"}, "no action of the game"),
        ("guard", {"replace": "walk", "reject": "No."}, "both replaces and rejects"),
        ("guard", "reject", "Expected `object`"),
    ],
)
def test_an_answer_outside_of_the_contract_is_a_fault_and_does_nothing(
    play: Play, function: str, answer: object, said: str
) -> None:
    played = play([WALK], code={function: lambda *_: answer})
    (warned,) = [event for event in played.events if isinstance(event, Warned)]
    assert warned.kind == "code_fault"
    assert warned.about.startswith(f"{function}/")
    assert said in warned.text
    assert [event.executed for event in played.events if isinstance(event, Acted)] == ["walk"]


def test_code_that_fails_again_and_again_ends_the_play_and_says_where(play: Play) -> None:
    def perceive(context: dict[str, Any]) -> None:
        raise CodeFault("line 3: KeyError: 'x'", kind="exception")

    with pytest.raises(ScaffoldError, match=r"failed 5 times in a row, last in perceive/plan at"):
        play([WALK, "<|DONE|>"] * 9, steps=9, code={"perceive": perceive})


def test_failures_that_are_far_apart_fail_the_scaffold_as_well(play: Play) -> None:
    def remember(context: dict[str, Any]) -> None:
        if context["moment"] == "observed":
            raise CodeFault("it took too long", kind="timeout")

    with pytest.raises(ScaffoldError, match=r"failed 20 times, last in remember/observed"):
        play([WALK, *["<|DONE|>", WAIT] * 30], steps=30, code={"remember": remember})


def test_a_recorded_failure_is_repeated_and_not_tried_again(play: Play) -> None:
    asked: list[str] = []
    answers = [WALK, "<|DONE|>", WALK]
    before = play(answers, steps=2, code={"remember": after([], "logged")})
    again = play([], steps=2, code={"remember": after(asked)}, recorded=before.events)
    assert asked == ["0 observed", "1 observed"]
    assert again.memory == before.memory
    assert again.events == []


def test_a_failure_of_the_clock_is_tried_again_where_the_recording_has_an_answer(
    play: Play,
) -> None:
    tries = iter((True, True, False))

    def remember(context: dict[str, Any]) -> None:
        if context["step"] == 1 and context["moment"] == "observed" and next(tries):
            raise CodeFault("it took too long", kind="timeout")

    before = play([WALK, "<|DONE|>", WALK], steps=2, code={"remember": after([])})
    again = play([], steps=2, code={"remember": remember}, recorded=before.events)
    assert again.events == []
    late = {"remember": after([], "logged")}
    with pytest.raises(CodeFault, match="when the machine is less busy"):
        play([], steps=2, code=late, recorded=before.events)


def test_code_that_answers_otherwise_than_recorded_does_not_match(play: Play) -> None:
    def other(context: dict[str, Any]) -> dict[str, Any]:
        return {"writes": [{"file": "log.txt", "mode": "append", "text": "x"}]}

    before = play([WALK], code={"remember": after([])})
    with pytest.raises(ReplayMismatch):
        play([], code={"remember": other}, recorded=before.events)


def test_an_episode_without_code_is_asked_as_before_and_old_traces_go_on(play: Play) -> None:
    before = play([WALK, "<|DONE|>", WALK], steps=2)
    old = msgspec.structs.replace(before.events[0], trace_version=1)
    again = play([], steps=2, recorded=[old, *before.events[1:]])
    assert again.events == []


def test_files_that_are_shown_are_bounded_by_their_bytes() -> None:
    manifest = msgspec.structs.replace(
        load_scaffold(toy_scaffold()).manifest,
        limits=ScaffoldLimits(file_bytes=4_194_304, folder_bytes=16_777_216),
    )
    files = {f"{n}.txt": "\u6f22" * 9_000 for n in range(40)}
    shown = shown_files(MemoryStore(None, manifest, files), manifest)
    assert sum(len(text.encode()) for text in shown.values()) <= FILES_BYTES
    assert shown
