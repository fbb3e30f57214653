"""The baselines: the last observations, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from automem.records.config import AgentSection
from automem.records.model import ModelReply

Play = Callable[..., Any]


def test_the_window_shows_the_last_observations_with_their_actions(play: Play) -> None:
    agent = AgentSection(name="window", history=3)
    played = play(["walk"] * 6, steps=6, agent=agent)
    last = played.requests[-1].messages
    assert [message.role for message in last] == ["system", *["user", "assistant"] * 2, "user"]
    assert all(asked.role == "gameplay" for step in played.steps for asked in step.asked)
    assert played.memory == {}


def test_a_history_of_one_shows_the_present_alone(play: Play) -> None:
    played = play(["walk"] * 3, steps=3, agent=AgentSection(name="window", history=1))
    assert [len(request.messages) for request in played.requests] == [2, 2, 2]


def test_the_system_message_names_every_action(play: Play) -> None:
    system = play(["walk"], agent=AgentSection(name="window")).requests[0].messages[0].content
    assert "- say blue" in system
    assert "last 10 things" in system
    assert "Reply with the name of one action" in system


def test_without_reasoning_the_reply_is_the_action(play: Play) -> None:
    agent = AgentSection(name="window")
    played = play([" walk\n", "<|ACTION|>wait<|END|>", ""], steps=3, agent=agent)
    assert [step.acted.said for step in played.steps[:3]] == ["walk", "wait", None]
    assert [warned.kind for warned in played.steps[2].warned] == ["no_action"]


def test_with_reasoning_only_a_committed_action_counts(play: Play) -> None:
    agent = AgentSection(name="window", chain_of_thought=True)
    played = play(["I walk. <|ACTION|>walk<|END|>", "walk"], steps=2, agent=agent)
    assert "step by step" in played.requests[0].messages[0].content
    assert [step.acted.said for step in played.steps[:2]] == ["walk", None]


def test_an_action_that_was_cut_off_is_not_committed(play: Play) -> None:
    agent = AgentSection(name="window", chain_of_thought=True)
    cut = ModelReply(text="I walk. <|ACTION|>walk", finish="length")
    assert play([cut], steps=1, agent=agent).steps[0].acted.said is None
