"""Screen and notes put together: where the character can go, and what a way there begins with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from automem_backends.rules.nethack.compass import DIRECTIONS, Cell, beside, direction_of
from automem_backends.rules.nethack.creatures import foes, spared_cells, strangers
from automem_backends.rules.nethack.ground import Ground, Ways, index_of
from automem_backends.rules.nethack.notes import Level, Notes
from automem_backends.rules.nethack.recall import Topic
from automem_backends.rules.nethack.screen import Scene, Screen

FAR = 3
"""From so many steps in one line on, a run saves actions."""


@dataclass
class Situation:
    """What a decision is made from."""

    scene: Scene
    notes: Notes
    depth: int
    step: int
    luck: int
    recalled: set[Topic]
    wanted: list[Topic] = field(default_factory=list[Topic])
    """Topics a decision would like to know more of."""

    @property
    def now(self) -> Screen:
        """The present screen."""
        return self.scene.now

    @property
    def at(self) -> Cell:
        """Where the character stands."""
        return self.scene.now.at

    @cached_property
    def level(self) -> Level:
        """What is known of this level."""
        return self.notes.level(self.depth)

    @cached_property
    def peaceful(self) -> frozenset[str]:
        """Creatures that turned out to be peaceful lately."""
        return frozenset(moment.peaceful for moment in self.notes.journal if moment.peaceful)

    @cached_property
    def foes(self) -> dict[str, str]:
        """Direction -> name of whom to strike."""
        return foes(self.now, self.peaceful)

    @cached_property
    def ground(self) -> Ground:
        """The level as it can be walked."""
        ground = Ground(self.now, self.level, spared_cells(self.now, self.peaceful))
        if self.under in "|-+":
            ground.doors.add(index_of(self.at))
        return ground

    @cached_property
    def under(self) -> str:
        """What the map showed, before the last action, where the character stands now."""
        before = self.scene.before
        if before is None or before.at == self.at or before.stats.depth != self.depth:
            return "."
        return before.char(self.at)

    @cached_property
    def ways(self) -> Ways:
        """The ways that need no boldness."""
        return self.ground.ways()

    @cached_property
    def bold_ways(self) -> Ways:
        """The ways past boulders and traps too."""
        return self.ground.ways(bold=True)

    def on(self, char: str, kind: str) -> bool:
        """Whether the character stands on what the map shows by `char`."""
        told = f"staircase {kind} here" in self.now.message
        return told or self.under == char or kind in self.level.places.get(self.at, {})

    def known(self, topic: Topic) -> bool:
        """Whether a topic was looked up; what was not is wanted from now on."""
        if topic not in self.recalled:
            self.wanted.append(topic)
        return topic in self.recalled

    def nearest(self, cells: list[Cell], ways: Ways | None = None) -> Cell | None:
        """The cell with the shortest way; None if no way leads to any."""
        ways = ways or self.ways
        reached = [(steps, cell) for cell in cells if (steps := ways.to(cell)) > 0]
        return min(reached)[1] if reached else None

    def toward(self, cell: Cell, ways: Ways | None = None) -> str | None:
        """The action a way to a cell begins with; None if no way leads there."""
        ways = ways or self.ways
        path = ways.path(cell) if ways.to(cell) > 0 else []
        if not path:
            return None
        name = direction_of(self.at, path[0])
        if name is None:
            return None
        return self._run(name, path) or name

    def _run(self, name: str, path: list[Cell]) -> str | None:
        """A run instead of a step, where it cannot lead past the end of the straight part."""
        action = f"far {name}"
        if not self.scene.actions or action not in self.scene.actions or strangers(self.now):
            return None
        last, count = self.at, 0
        for cell in path:
            if cell != beside(last, name):
                break
            last, count = cell, count + 1
        beyond = self.now.char(beside(last, name))
        if count < FAR or beyond not in " |-":
            return None
        return action

    def free_direction(self) -> str | None:
        """Some direction in which a step is possible; another one at each step."""
        names = list(DIRECTIONS)
        turn = (self.step * 5 + self.luck) % len(names)
        for name in (*names[turn:], *names[:turn]):
            if self.bold_ways.to(beside(self.at, name)) == 1:
                return name
        return None
