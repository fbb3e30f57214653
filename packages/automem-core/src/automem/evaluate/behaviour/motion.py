"""Actions that lead nowhere: stuck ones, after which all is as before, and oscillating ones."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from automem.records.environment import EnvironmentInfo
from automem.records.trace import Acted, Observed

WINDOW = 6
"""Actions that are looked at together to tell whether they go to and fro."""
MOST_PLACES = 2
FEWEST_MOVES = 4
MOST_ACTIONS = 2
FEWEST_REVERSALS = 3
MOST_WAITS = 5
"""So many waiting actions in a row may change nothing and are still waiting."""

Position = tuple[int, int, int] | None


@dataclass(slots=True)
class _Step:
    """One action whose answer is known."""

    action: str
    fruitful: bool
    """It earned a reward or came further."""
    unproductive: bool
    """It is counted as stuck or oscillating already."""
    oscillating: bool = False


@dataclass(slots=True)
class Motion:
    """Counts over the actions of one episode, observation by observation."""

    info: EnvironmentInfo
    steps: int = 0
    stuck: int = 0
    oscillating: int = 0
    unproductive: int = 0
    invalid: int = 0
    _before: Observed | None = None
    _acted: Acted | None = None
    _waits: int = 0
    _progression: float = 0.0
    _window: deque[_Step] = field(default_factory=lambda: deque[_Step](maxlen=WINDOW))
    _places: deque[Position] = field(default_factory=lambda: deque[Position](maxlen=WINDOW + 1))
    _looks: Looks = field(init=False)

    def __post_init__(self) -> None:
        """Compile what the game declares."""
        self._looks = Looks(self.info)

    def acted(self, event: Acted) -> None:
        """Take an action; what became of it the next observation says."""
        self.steps += 1
        self.invalid += not event.valid
        self._acted = event

    def observed(self, event: Observed) -> None:
        """Take an observation."""
        before, acted = self._before, self._acted
        self._before, self._acted = event, None
        self._places.append(event.position)
        if before is None or acted is None:
            return
        stuck = self._is_stuck(before, acted, event)
        fruitful = acted.reward > 0 or acted.progression > self._progression or bool(acted.events)
        self._progression = max(self._progression, acted.progression)
        self.stuck += stuck
        self.unproductive += stuck
        self._window.append(_Step(acted.executed, fruitful, unproductive=stuck))
        if self._to_and_fro():
            for step in self._window:
                self.oscillating += not step.oscillating
                self.unproductive += not step.unproductive
                step.oscillating = step.unproductive = True

    def _is_stuck(self, before: Observed, acted: Acted, after: Observed) -> bool:
        waits = acted.valid and acted.executed in self.info.waiting
        self._waits = self._waits + 1 if waits else 0
        return (
            self._looks.same(before, after)
            and not (waits and self._waits <= MOST_WAITS)
            and not self._looks.asks(before)
        )

    def _to_and_fro(self) -> bool:
        if len(self._window) < WINDOW or any(step.fruitful for step in self._window):
            return False
        if None not in self._places:
            moves = sum(one != other for one, other in pairwise(self._places))
            return len(set(self._places)) <= MOST_PLACES and moves >= FEWEST_MOVES
        actions = [step.action for step in self._window]
        reversals = sum(self._undoes(one, other) for one, other in pairwise(actions))
        return len(set(actions)) <= MOST_ACTIONS and reversals >= FEWEST_REVERSALS

    def _undoes(self, one: str, other: str) -> bool:
        opposites = self.info.opposites
        return (one, other) in opposites or (other, one) in opposites


class Looks:
    """Tells whether two observations look the same, and whether one asks for a key."""

    __slots__ = ("_prompts", "_seen", "_text", "_volatile")

    def __init__(self, info: EnvironmentInfo) -> None:
        self._volatile = [re.compile(pattern) for pattern in info.volatile]
        self._prompts = [re.compile(pattern) for pattern in info.prompts]
        self._seen: Observed | None = None
        self._text = ""

    def same(self, one: Observed, other: Observed) -> bool:
        """Whether text and status are the same but for trailing blanks and what is volatile.

        The notice of an invalid action is kept apart from the text, and does not count.
        """
        if one.hash == other.hash:
            return True
        return self._plain(one) == self._plain(other)

    def asks(self, seen: Observed) -> bool:
        """Whether the game waits for a key that answers a prompt."""
        return any(prompt.search(seen.text) for prompt in self._prompts)

    def _plain(self, seen: Observed) -> str:
        """The text to compare; that of the latest observation is kept for the next comparison."""
        if seen is self._seen:
            return self._text
        text = f"{seen.text}\0{seen.status}"
        for pattern in self._volatile:
            text = pattern.sub("", text)
        self._seen, self._text = seen, _without_trailing_blanks(text.split("\0"))
        return self._text


def _without_trailing_blanks(parts: Iterable[str]) -> str:
    return "\0".join(
        ["\n".join([line.rstrip() for line in part.split("\n")]).rstrip() for part in parts]
    )
