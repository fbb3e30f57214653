"""What the conversation shows of the notes on NetHack, and how to ask for what it does not show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from automem_backends.rules.nethack.notes import Level, Notes, level_query, read_notes
from automem_backends.rules.nethack.screen import Scene, read_scene
from automem_backends.rules.shelves import shelf_for
from automem_backends.rules.transcript import Transcript

JOURNAL_LINES = 30
Topic = Literal["journal", "level", "plan", "prayer"]


@dataclass(slots=True)
class Recall:
    """The notes of one conversation and the topics that were looked up in it."""

    talk: Transcript
    scene: Scene
    notes: Notes
    depth: int
    """The level whose notes matter: the one the last action was played on while LOG runs."""
    recalled: set[Topic]

    @property
    def level(self) -> Level:
        """What is known of the level that matters."""
        return self.notes.level(self.depth)

    @property
    def step(self) -> int:
        """Number of the present step."""
        if self.talk.step is not None:
            return self.talk.step
        return self.notes.journal[-1].step + 1 if self.notes.journal else 0

    def look_up(self, topic: Topic) -> str | None:
        """The operation that answers a topic; None if it was answered or cannot be asked."""
        if topic in self.recalled or not self.talk.consults:
            return None
        return question(self.talk, topic, self.depth)


def recall(talk: Transcript) -> Recall | None:
    """Read the notes a conversation shows. None where it shows no NetHack."""
    scene = read_scene(talk.first, talk.system)
    if scene is None:
        return None
    depth = scene.now.stats.depth
    if talk.phase == "log" and scene.before is not None:
        depth = scene.before.stats.depth or depth
    notes = read_notes(f"{talk.first}\n{talk.later}")
    recalled: set[Topic] = set()
    if notes.journal:
        recalled.add("journal")
    for topic in ("journal", "level", "plan", "prayer"):
        operation = question(talk, topic, depth)
        if operation is None or talk.asked(operation):
            recalled.add(topic)
    return Recall(talk, scene, notes, depth, recalled)


def question(talk: Transcript, topic: Topic, depth: int) -> str | None:
    """The operation that looks a topic up; None where files or operations offer nothing."""
    if topic == "journal":
        shelf, words = shelf_for(talk, "journal"), "at"
        return shelf.recall(words, JOURNAL_LINES) if shelf else None
    if topic == "level":
        shelf, words = shelf_for(talk, "map"), level_query(depth)
    else:
        shelf, words = shelf_for(talk, "strategy"), "Plan from" if topic == "plan" else "Prayed on"
    if shelf is None or not shelf.lines:
        return None
    if shelf.search:
        return shelf.search.text(shelf.file, words)
    return shelf.recall("", 60)
