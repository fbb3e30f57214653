"""Writes down the conversations of played episodes, each with what the teacher says in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Final

from automem.agent.protocol import Scene
from automem.records._struct import Record
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem_tiny.corpus.teaching import Teacher
from automem_tiny.teacher.state import State, read_state

MESSY: Final = 0.03
"""The share of actions that are left to chance, so that the teacher shows how to recover."""
GUESSED: Final = 0.4
"""The weight of what is said without knowing where one is and what one is after."""
_ACTION: Final = re.compile(r"<\|ACTION\|>(.*?)<\|END\|>")


class Lesson(Record):
    """One conversation, to be learned in its replies."""

    messages: tuple[Message, ...]
    weight: float = 1.0
    """How often it is drawn, compared with a routine one."""
    seed: int = 0
    step: int = 0
    phase: Phase = "plan"
    last: bool = False
    """Whether the last reply alone is to be learned: the others were the pupil's own."""


@dataclass(slots=True)
class Notebook:
    """A player that lets another one play, and writes down what the teacher says instead.

    With the teacher itself as the pupil, both are the same.
    """

    teacher: Teacher
    seed: int
    luck: Random
    lessons: list[Lesson] = field(default_factory=list[Lesson])
    _talk: tuple[Message, ...] = ()
    _scene: Scene | None = None
    _phase: Phase = "plan"

    async def reply(self, phase: Phase, scene: Scene, talk: tuple[Message, ...]) -> str:
        """The teacher's reply."""
        text = self.teacher.said(phase, scene, talk)
        self.note(phase, scene, talk, text)
        return text

    def note(self, phase: Phase, scene: Scene, talk: tuple[Message, ...], text: str) -> None:
        """Take a reply down; a conversation is complete when the next one begins."""
        if len(talk) <= 2:
            self.close()
        self._talk = (*talk, Message(role="assistant", content=text))
        self._scene, self._phase = scene, phase

    def close(self) -> None:
        """Complete the last conversation."""
        if self._talk and self._scene is not None:
            weight = weight_of(self._phase, self._talk)
            self.lessons.append(
                Lesson(
                    messages=self._talk,
                    weight=weight,
                    seed=self.seed,
                    step=self._scene.step,
                    phase=self._phase,
                )
            )
        self._talk = ()

    async def change(self, scene: Scene, action: str) -> str:
        """Now and then something else is done than was said."""
        if self.luck.random() >= MESSY:
            return action
        moves = ("Move West", "Move East", "Move North", "Move South", "Do", "Noop")
        return self.luck.choice(moves)


def weight_of(phase: Phase, talk: tuple[Message, ...]) -> float:
    """How often a lesson is drawn: rare turns more, those that only chance decided less."""
    last = talk[-1].content
    told = [message.content for message in talk if message.role == "user"]
    before = read_state(told)
    if phase == "plan":
        action = _ACTION.search(last)
        return _weight_of_action(action[1] if action else "", before)
    after = read_state([part.partition("|")[2] for part in re.findall(r"\|>([^<]*@[^<]*)<", last)])
    weight = 1.0 if after or "SEARCH" in last else GUESSED
    if before and after:
        weight += 5.0 * (before.want != after.want) + 3.0 * (before.done != after.done)
        weight += 1.0 * (before.target != after.target) + 1.0 * after.moved
    return weight + 1.0 * ("places.txt" in last or "SET_PLACES" in last)


def _weight_of_action(said: str, state: State | None) -> float:
    if said.startswith(("Place", "Make")):
        return 5.0
    if said and state is None:
        return GUESSED
    weight = 1.5 if not said.startswith("Move") else 1.0
    return weight + 1.0 * bool(state and (state.go or state.target))
