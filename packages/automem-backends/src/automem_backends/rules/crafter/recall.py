"""Everything the conversation shows of the notes, and how to ask for what it does not show yet."""

from __future__ import annotations

from dataclasses import dataclass

from automem_backends.rules.crafter.motion import seen_around
from automem_backends.rules.crafter.notes import Moment, Notes, read_notes
from automem_backends.rules.crafter.view import Scene, read_scene
from automem_backends.rules.shelves import Shelf, Subject, shelf_for
from automem_backends.rules.transcript import Transcript

JOURNAL_LINES = 20
PROGRESS_LINES = 60
_HOMES: dict[str, tuple[Subject, str]] = {
    "journal": ("journal", "facing"),
    "done": ("progress", "Done"),
    "explored": ("strategy", "Explored"),
}


@dataclass(slots=True)
class Recall:
    """The notes of one conversation and the subjects that were looked up in it."""

    talk: Transcript
    scene: Scene
    notes: Notes
    recalled: set[str]

    @property
    def last(self) -> Moment | None:
        """The latest line of the journal."""
        return self.notes.journal[-1] if self.notes.journal else None

    @property
    def start(self) -> Moment:
        """Where a journal begins: at the start, facing south."""
        return Moment(0, (0, 0), "south", "", 0, seen_around((0, 0), "south", self.scene.now))

    def look_up(self, subject: str) -> str | None:
        """The operation that answers a subject; None if it was answered or cannot be asked."""
        if subject in self.recalled or not self.talk.consults:
            return None
        return question(self.talk, subject)


def question(talk: Transcript, subject: str) -> str | None:
    """The operation that looks a subject up; None where files or operations offer nothing."""
    home, words = _HOMES.get(subject, ("map", subject))
    shelf = shelf_for(talk, home)
    if shelf is None:
        return None
    if subject in _HOMES:
        return shelf.recall(words, JOURNAL_LINES if subject == "journal" else PROGRESS_LINES)
    return _landmarks(shelf, subject)


def _landmarks(shelf: Shelf, words: str) -> str | None:
    if not shelf.lines:
        return None
    if shelf.search:
        # The blank keeps `iron` from finding what merely begins with it.
        return shelf.search.text(shelf.file, words)
    return shelf.recall("", 40)


def recall(talk: Transcript) -> Recall | None:
    """Read the notes a conversation shows. None where it shows no game."""
    scene = read_scene(talk.first)
    if scene is None:
        return None
    notes = read_notes(f"{talk.first}\n{talk.later}")
    recalled: set[str] = set()
    if notes.journal:
        recalled.add("journal")
    shown = read_notes(talk.first) if talk.later else notes
    if shown.done:
        recalled.add("done")
    if shown.explored or shown.heading:
        recalled.add("explored")
    for subject in (*_HOMES, *_SUBJECTS):
        if subject in recalled:
            continue
        operation = question(talk, subject)
        if operation is None or talk.asked(operation):
            recalled.add(subject)
    return Recall(talk, scene, notes, recalled)


_SUBJECTS = ("water", "tree", "table", "furnace", "stone", "coal", "iron", "diamond", "cow")
