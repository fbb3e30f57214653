"""Which memory file serves which purpose, told by the names and purposes the prompt shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from automem_backends.rules.transcript import Transcript
from automem_backends.rules.vocabulary import Offered, Use

Subject = Literal["journal", "map", "progress", "strategy", "survival"]

_WORDS: dict[Subject, tuple[str, ...]] = {
    "journal": ("action", "log", "step", "journal", "history", "diary"),
    "map": ("map", "landmark", "place", "coordinate", "location", "terrain"),
    "progress": ("progress", "craft", "achiev", "goal", "done", "milestone"),
    "strategy": ("strateg", "explor", "plan", "goal", "lesson", "next"),
    "survival": ("surviv", "health", "damage", "vital", "danger"),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """One file and how it can be written and looked up in this phase."""

    file: str
    lines: int
    shared: bool
    """Whether it serves other subjects too."""
    append: Offered | None
    write: Offered | None
    upsert: Offered | None
    search: Offered | None
    tail: Offered | None
    read: Offered | None

    def recall(self, words: str, lines: int) -> str | None:
        """The operation that shows what the file says: all of it, its end, or what matches."""
        if not self.lines:
            return None
        if self.shared and words and self.search:
            return self.search.text(self.file, words)
        if self.tail and self.lines > lines:
            takes_count = len(self.tail.arguments) > (1 if self.tail.takes_file else 0)
            return self.tail.text(self.file, *([str(lines)] if takes_count else []))
        if self.read:
            return self.read.text(self.file)
        if self.search and words:
            return self.search.text(self.file, words)
        return self.tail.text(self.file) if self.tail else None


def shelf_for(talk: Transcript, subject: Subject) -> Shelf | None:
    """The file that fits a subject best; None where the prompt lists no file."""
    names = _assigned(tuple((file.name, file.purpose) for file in talk.files))
    name = names.get(subject)
    file = talk.file(name) if name else None
    if file is None:
        return None

    def offer(use: Use) -> Offered | None:
        return talk.operation(use, file.name)

    return Shelf(
        file=file.name,
        lines=file.lines,
        shared=list(names.values()).count(file.name) > 1 and names["journal"] == file.name,
        append=offer("append"),
        write=offer("write"),
        upsert=offer("upsert"),
        search=offer("search"),
        tail=offer("tail"),
        read=offer("read"),
    )


@lru_cache(maxsize=64)
def _assigned(files: tuple[tuple[str, str], ...]) -> dict[Subject, str]:
    """The best file of each subject: words of the name count thrice those of the purpose."""
    assigned: dict[Subject, str] = {}
    if not files:
        return assigned
    for subject, words in _WORDS.items():
        scores = [
            (
                sum(3 * (word in name.lower()) + (word in purpose.lower()) for word in words),
                -place,
                name,
            )
            for place, (name, purpose) in enumerate(files)
        ]
        assigned[subject] = max(scores)[2]
    return assigned
