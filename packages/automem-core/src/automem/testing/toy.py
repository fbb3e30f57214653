"""A toy game in which memory decides: signs tell a color, doors some steps on ask for it.

With its scaffold and its player it is a plugin of its own, for tests of whatever plays games.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path

from automem.hooks import hookimpl
from automem.records._struct import Record
from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.spec import EnvironmentSpec, Spec

COLORS = ("red", "green", "blue", "white")
_SHOUTS = {"other": ("shout",)}
"""The task `other` has an action more, which does nothing."""


class ToyOptions(Record):
    """How long the game is."""

    rooms: int = 4
    """Doors to open."""
    length: int = 3
    """Steps from a sign to its door."""
    max_steps: int = 60


class Toy:
    """Rooms one after another: a sign at the beginning of each, a door at its end."""

    def __init__(self, task: str, options: ToyOptions | None = None) -> None:
        self._options = options or ToyOptions()
        self.info = EnvironmentInfo(
            name="toy",
            task=task,
            instructions="Walk. Where a door asks for a color, say the one its sign showed.",
            actions=("walk", "wait", *_SHOUTS.get(task, ()), *(f"say {c}" for c in COLORS)),
            default_action="wait",
            max_steps=self._options.max_steps,
            waiting=("wait",),
            matching="tolerant",
            versions={"toy": "1"},
        )
        self._colors: list[str] = []
        self._room = 0
        self._place = 0

    def reset(self, seed: int) -> Observation:
        """Begin at the first sign."""
        rng = random.Random(f"{self.info.task}/{seed}")  # noqa: S311 - a game, not a secret
        self._colors = [rng.choice(COLORS) for _ in range(self._options.rooms)]
        self._room = self._place = 0
        return self._observation()

    def step(self, action: str) -> StepResult:
        """Walk, wait, or say a color at a door."""
        if action not in self.info.actions:
            raise ValueError(f"no such action: {action}")
        opened: tuple[str, ...] = ()
        at_door = self._place == self._options.length
        if action == "walk" and not at_door:
            self._place += 1
        elif at_door and action == f"say {self._colors[self._room]}":
            opened = (f"door_{self._room}",)
            self._room += 1
            self._place = 0
        done = self._room == self._options.rooms
        return StepResult(
            observation=self._observation(),
            reward=float(len(opened)),
            progression=self._room / self._options.rooms,
            ended="won" if done else None,
            events=opened,
            success=done,
        )

    def frame(self) -> Frame | None:
        """One white point where the player stands."""
        width = self._options.length + 1
        points = [b"\xff\xff\xff" if x == self._place else b"\0\0\0" for x in range(width)]
        return Frame(width=width, height=1, rgb=b"".join(points))

    def close(self) -> None:
        """Nothing is held."""

    def _observation(self) -> Observation:
        if self._room == self._options.rooms:
            text = "The last door is open. You are out."
        elif self._place == 0:
            text = f"A sign says: {self._colors[self._room]}."
        elif self._place == self._options.length:
            text = "A door. It asks for the color of its sign."
        else:
            text = "A long corridor."
        status = f"room {self._room + 1}, {self._place} steps from its sign"
        return Observation(text=text, status=status, position=(self._place, 0, self._room))


@hookimpl
def automem_environments() -> Iterable[EnvironmentSpec]:
    """The toy game, with two tasks."""
    return [
        EnvironmentSpec(
            name="toy",
            make="automem.testing.toy:Toy",
            summary="Signs and doors: a toy game for tests.",
            config="automem.testing.toy:ToyOptions",
            tasks=("default", "other"),
        )
    ]


@hookimpl
def automem_backends() -> Iterable[Spec]:
    """The player that knows the toy game."""
    return [
        Spec(
            name="toy-player",
            make="automem.testing.toy_player:ToyPlayer",
            summary="Plays the toy game from the text of the conversation.",
        )
    ]


@hookimpl
def automem_scaffolds() -> Iterable[Spec]:
    """The scaffold that the player understands."""
    return [Spec(name="toy", make="automem.testing.toy:toy_scaffold", summary="For the toy game.")]


def toy_scaffold() -> Path:
    """The folder of the toy scaffold."""
    return Path(__file__).parent / "toy_scaffold"


def toy_entry_point() -> EntryPoint:
    """What `automem.plugins.load_plugins(entry_points=...)` takes."""
    return EntryPoint(name="toy", value="automem.testing.toy", group="automem")
