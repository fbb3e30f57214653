"""Every rule and check, on golden replies and on any reply at all."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.memory.grammar import parse
from automem.records.model import Message, Speaker
from automem.records.scaffold import OperationRule, Phase
from automem_train.clean.checks import CHECKS, roles_alternate
from automem_train.clean.cleaning import clean
from automem_train.clean.draft import Vocabulary, draft_of
from automem_train.clean.rules import CUTS, DROPS

ROOT = Path(__file__).resolve().parents[3]
CASES: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests/golden/cleaning/cases.toml").read_text(encoding="utf-8")
)["case"]
READING = ("READ", "SEARCH")
WORDS: dict[Phase, Vocabulary] = {
    "log": {
        "READ": OperationRule(name="READ", kind="read"),
        "SEARCH": OperationRule(name="SEARCH", kind="search"),
        "APPEND": OperationRule(name="APPEND", kind="append"),
    },
    "plan": {
        "READ": OperationRule(name="READ", kind="read"),
        "SEARCH": OperationRule(name="SEARCH", kind="search"),
    },
}
BEFORE = (Message(role="system", content="Rules."), Message(role="user", content="Go."))
PIECES = st.sampled_from(
    ["<|READ|>", "<|APPEND|>", "<|SEARCH|>", "<READ>", "map.txt", "|", "<|END|>", "<|DONE|>",
     "<|ACTION|>", "<|HANDOFF|>", "```", "```text\n", "\n", "\n\n", "word ", " ", "`", "<|QQ|>"]
)  # fmt: skip
REPLIES = st.lists(PIECES, max_size=16).map("".join)
PHASES: st.SearchStrategy[Phase] = st.sampled_from(["log", "plan"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_golden_reply_becomes_its_golden_target(case: dict[str, Any]) -> None:
    phase: Phase = case["phase"]
    draft = draft_of(phase, case["reply"], cut_off=case.get("cut_off", False))
    cleaned = clean(draft, BEFORE, WORDS[phase])
    assert (cleaned.dropped, cleaned.failed) == (case.get("dropped", ""), case.get("failed", ""))
    assert list(cleaned.rules) == case.get("rules", [])
    if "target" in case:
        assert cleaned.draft.text == case["target"]


def test_every_rule_and_the_check_that_a_reply_can_fail_have_a_golden_case() -> None:
    named = {rule for case in CASES for rule in case.get("rules", [])}
    named |= {case["dropped"] for case in CASES if "dropped" in case}
    assert named == {*CUTS, *DROPS}
    assert {case["failed"] for case in CASES if "failed" in case} <= {*CHECKS}


@given(reply=REPLIES, phase=PHASES, cut_off=st.booleans())
def test_a_target_is_made_of_stretches_of_the_reply_in_their_order(
    reply: str, phase: Phase, cut_off: bool
) -> None:
    cleaned = clean(draft_of(phase, reply, cut_off=cut_off), BEFORE, WORDS[phase])
    spans, text = cleaned.draft.spans, cleaned.draft.text
    assert text == "".join(reply[start:end] for start, end in spans)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))
    if "unwrap_fences" not in cleaned.rules:
        assert text in reply


@given(reply=REPLIES, phase=PHASES, cut_off=st.booleans())
def test_a_target_asks_for_what_the_reply_asked_for_and_nothing_follows(
    reply: str, phase: Phase, cut_off: bool
) -> None:
    cleaned = clean(draft_of(phase, reply, cut_off=cut_off), BEFORE, WORDS[phase])
    if cleaned.dropped or cleaned.failed:
        return
    target = cleaned.draft.text
    read = parse(target, WORDS[phase])
    assert read.operations == parse(reply, WORDS[phase], cut_off=cut_off).operations
    assert read.operations
    assert read.action is None
    assert "```" not in target
    assert "ACTION" not in target
    assert target.endswith((">", "}")) or not target[-1:].isspace()


@given(reply=REPLIES, phase=PHASES)
def test_cleaning_twice_changes_nothing_more(reply: str, phase: Phase) -> None:
    once = clean(draft_of(phase, reply), BEFORE, WORDS[phase])
    if not once.dropped and not once.failed:
        again = clean(draft_of(phase, once.draft.text), BEFORE, WORDS[phase])
        assert (again.draft.text, again.rules) == (once.draft.text, ())


@pytest.mark.parametrize(
    ("roles", "fine"),
    [
        (["system", "user", "assistant"], True),
        (["user", "assistant", "user", "assistant"], True),
        (["system", "user", "user", "assistant"], False),
        (["system", "user"], False),
        (["assistant", "user", "assistant"], False),
        (["user", "system", "assistant"], False),
        (["system"], False),
        ([], False),
    ],
)
def test_roles_alternate_from_a_user_to_an_assistant(roles: list[Speaker], fine: bool) -> None:
    assert roles_alternate([Message(role=role, content="x") for role in roles]) is fine


def test_a_conversation_whose_roles_do_not_alternate_fails() -> None:
    reply = draft_of("plan", "<|READ|>map.txt<|END|>")
    assert clean(reply, (*BEFORE, *BEFORE[1:]), WORDS["plan"]).failed == "roles_alternate"
