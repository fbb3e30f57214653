"""The teacher in an episode: what should be said next, by prompt, scene and luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from automem.agent.protocol import Scene
from automem.errors import AutoMemError
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem.scaffold.load import Scaffold
from automem_tiny.teacher.player import Habits, Vocabulary, log, plan
from automem_tiny.teacher.recording import Happened
from automem_tiny.teacher.view import read_view

HOURS = 300
"""Steps of a day; an hour is 12 of them."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How often each habit is a good one."""

    consults: float
    searches: float


def words_of(scaffold: Scaffold) -> Vocabulary:
    """How this scaffold has things written."""
    names = {rule.name for rule in scaffold.manifest.operation}
    keyed = "SET_PLACES" in names
    if "WRITE" in names:
        return Vocabulary(keyed=keyed, state="<|WRITE|>state.txt|{text}<|END|>")
    return Vocabulary(keyed=keyed)


@dataclass(slots=True)
class Teacher:
    """Its replies depend on the conversation, the scene and its luck."""

    words: Vocabulary
    mixture: Mixture
    luck: Random
    _step: tuple[int, str] = (-1, "")
    _habits: Habits = field(default_factory=lambda: Habits(consults=True, searches=True))

    def said(self, phase: Phase, scene: Scene, talk: Sequence[Message]) -> str:
        """What is to be said next."""
        if self._step != (scene.step, phase):
            self._step = (scene.step, phase)
            draw = self.luck.random
            self._habits = Habits(
                consults=draw() < self.mixture.consults, searches=draw() < self.mixture.searches
            )
        now = read_view(scene.text, scene.observed.status)
        hour = scene.step % HOURS // 12
        if phase == "plan":
            return plan(talk, now, hour, self._habits, self.luck)
        told = happened(scene)
        return log(talk, told, self.words, self._habits, self.luck)


def happened(scene: Scene) -> Happened:
    """What a LOG of this scene is about. Only for a scene that has one before it."""
    if scene.previous is None or scene.acted is None:
        raise AutoMemError("the first scene of an episode has nothing to record")
    x, y, _ = scene.observed.position or (0, 0, 0)
    old_x, old_y, _ = scene.previous.position or (0, 0, 0)
    return Happened(
        before=read_view(scene.previous.text, scene.previous.status),
        action=scene.acted.executed,
        events=scene.acted.events,
        now=read_view(scene.text, scene.observed.status),
        hour=scene.step % HOURS // 12,
        moved=(x - old_x, y - old_y),
    )
