"""A toy game's LOG phases as a small model can master them, in AutoMem's own operations.

A sight is new or known. The careless habit writes it down at once; the careful one searches first
and writes only what is not there. Which habit comes is chance, so a model that has learned all
there is to learn shows both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

FILES: Final = {
    "ores.txt": ("iron", "coal", "diamond"),
    "beasts.txt": ("cow", "zombie", "skeleton"),
    "places.txt": ("tree", "water", "table"),
}
FILE_OF: Final = {thing: file for file, things in FILES.items() for thing in things}
MOVES: Final = ("north", "south", "east", "west", "do", "noop")
CAREFUL: Final = 0.35
"""The share of sights after which the base looks first."""
DONE: Final = "<|DONE|>"
Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a step shows; without a thing, nothing worth a note."""

    move: str
    thing: str
    known: bool
    """Whether it is in its file already."""

    @property
    def prompt(self) -> str:
        """What the memory role is asked."""
        seen = f"you see {self.thing}" if self.thing else "nothing new"
        return f"LOG. Action: {self.move}. Now: {seen}."

    @property
    def search(self) -> str:
        """The careful first reply."""
        return f"<|SEARCH|>{FILE_OF[self.thing]}|{self.thing}<|END|>"

    @property
    def results(self) -> str:
        """What the search answers."""
        file = FILE_OF[self.thing]
        found = f"1: {self.thing} {self.move}" if self.known else "no line"
        return f"Results of {file}: {found}. Go on, or {DONE}."

    @property
    def note(self) -> str:
        """The reply that writes."""
        return f"<|APPEND|>{FILE_OF[self.thing]}|{self.thing} {self.move}<|END|> {DONE}"


def sight(chance: Random) -> Sight:
    """Any, two in three of them with something to see."""
    thing = chance.choice(list(FILE_OF)) if chance.random() < 2 / 3 else ""
    return Sight(chance.choice(MOVES), thing, known=chance.random() < 0.5)


def split(chance: Random) -> tuple[list[Sight], list[Sight]]:
    """Sights to learn from, and others that are never shown: a third of all that can be seen."""
    every = [(move, thing) for move in MOVES for thing in FILE_OF]
    chance.shuffle(every)
    held = len(every) // 3
    shown = [one for move, thing in every[held:] for one in sights(move, thing)]
    unseen = [one for move, thing in every[:held] for one in sights(move, thing)]
    # Where there is nothing to see there is nothing to look up, and that is learned as well.
    dull = [Sight(move, "", known=False) for move in MOVES]
    return [*shown, *dull * 8], unseen


def sights(move: str, thing: str) -> list[Sight]:
    """Known and unknown."""
    return [Sight(move, thing, known=True), Sight(move, thing, known=False)]


def conversation(seen: Sight, *, careful: bool) -> Messages:
    """A whole LOG phase."""
    said = [seen.prompt]
    if not seen.thing:
        said += [DONE]
    elif careful:
        said += [seen.search, seen.results, DONE if seen.known else seen.note]
    else:
        said += [seen.note]
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": text} for at, text in enumerate(said)]


def corpus(chance: Random, count: int) -> list[Messages]:
    """What a base is trained on: both habits, by chance."""
    return [conversation(sight(chance), careful=chance.random() < CAREFUL) for _ in range(count)]


def selected(sights: Sequence[Sight]) -> list[Messages]:
    """The turns of the careful habit, each with what was said before it."""
    turns: list[Messages] = []
    for seen in sights:
        whole = conversation(seen, careful=True)
        turns += [whole[: at + 1] for at in range(1, len(whole), 2)]
    return turns


def shuffled(turns: Sequence[Messages], chance: Random) -> list[Messages]:
    """The same prompts and the same replies, each reply behind a prompt that is not its own."""
    replies: list[Any] = [turn[-1] for turn in turns]
    chance.shuffle(replies)
    return [[*turn[:-1], reply] for turn, reply in zip(turns, replies, strict=True)]
