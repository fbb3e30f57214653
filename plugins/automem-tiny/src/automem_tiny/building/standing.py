"""How far a build is, as it is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from automem.files import write_json
from automem.records._struct import Record
from automem.ui.words import duration
from automem_tiny.building.phases import Phase

_KEEP_SECONDS: Final = 10.0


class Shown(Record):
    """How a build stands."""

    title: str
    phase: int = 0
    phases: int = 0
    name: str = ""
    percent: int = 0
    """Of this phase."""
    said: str = ""
    """The last that was heard of it."""
    seconds: int = 0
    """All that was spent on this folder, in whole tens."""
    seconds_left: int | None = None
    """Roughly; unknown while there is nothing to go by."""


def text(shown: Shown) -> str:
    """One line for a person."""
    if not shown.name:
        return "beginning"
    left = "" if shown.seconds_left is None else f", about {duration(shown.seconds_left)} left"
    said = f"  {shown.said}" if shown.said else ""
    return (
        f"phase {shown.phase} of {shown.phases}: {shown.name}, {shown.percent} %"
        f"{said}  ({duration(shown.seconds)} so far{left})"
    )


@dataclass(slots=True)
class Standing:
    """Adds up what is done, and how long it took; times survive where a build is gone on with."""

    title: str
    phases: Sequence[Phase]
    path: Path
    """Where the times are kept."""
    times: dict[str, float] = field(default_factory=dict[str, float])
    _number: int = 0
    _began: float = 0.0
    _before: float = 0.0
    _kept: float = 0.0
    _shares: dict[str, float] = field(default_factory=dict[str, float])
    _said: str = ""

    def __post_init__(self) -> None:
        if self.path.exists():
            self.times = msgspec.json.decode(self.path.read_bytes(), type=dict[str, float])

    def begin(self, number: int) -> None:
        """A phase, counted from 1."""
        name = self.phases[number - 1].name
        self._number, self._began, self._said = number, time.monotonic(), ""
        self._before = self.times.get(name, 0.0)
        self._shares = {}

    def hear(self, command: str, share: float, line: str) -> None:
        """How much of a command is done, and what it said last."""
        self._shares[command], self._said = share, line
        if time.monotonic() - self._kept > _KEEP_SECONDS:
            self.keep()

    def ended(self, command: str) -> None:
        """A command is done."""
        self._shares[command] = 1.0

    def keep(self) -> None:
        """Write the times down."""
        if self._number:
            self._kept = time.monotonic()
            self.times[self._phase.name] = round(self._before + self._kept - self._began, 1)
            write_json(self.path, self.times)

    @property
    def _phase(self) -> Phase:
        return self.phases[self._number - 1]

    def shown(self) -> Shown:
        """How it stands."""
        if not self._number:
            return Shown(title=self.title)
        share = sum(self._shares.values()) / max(1, len(self._phase.commands))
        now = self._before + time.monotonic() - self._began
        spent = sum(self.times.get(one.name, 0.0) for one in self.phases[: self._number - 1]) + now
        done = sum(one.seconds for one in self.phases[: self._number - 1])
        done += share * self._phase.seconds
        total = sum(one.seconds for one in self.phases)
        left = None if done < 0.02 * total else spent / done * (total - done)
        return Shown(
            title=self.title,
            phase=self._number,
            phases=len(self.phases),
            name=self._phase.name,
            percent=int(100 * share),
            said=self._said,
            seconds=int(spent) // 10 * 10,
            seconds_left=None if left is None else int(left) // 10 * 10,
        )
