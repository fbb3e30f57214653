"""Games that misbehave, as modules which worker processes can import."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from automem.spec import EnvironmentSpec

GAMES = '''
import os
import sys

from automem import EnvironmentInfo, Observation, StepResult


class Game:
    """Does what the action says, which is mostly something wrong."""

    def __init__(self, task, options):
        self.info = EnvironmentInfo(name="naughty", task=task, max_steps=10)
        self.seed = None
        self.alive = open(task, "wb") if os.path.exists(task) else None
        if task == "unplayable":
            raise ValueError("this task cannot be played\\nand more")

    def reset(self, seed):
        self.seed = seed
        return Observation(text=str(os.getpid()), status=str(seed))

    def step(self, action):
        if action == "raise":
            raise ValueError("the dice fell off the table")
        if action == "exit":
            sys.exit("I am done")
        if action == "die":
            os.kill(os.getpid(), 9)
        if action == "leave":
            os._exit(3)
        if action == "hang":
            while True:
                pass
        if action == "print":
            print("a word on standard output")
            os.write(1, b"another, without Python")
            sys.stdin.read()
        if action == "odd":
            return StepResult(observation=Observation(text="x"), reward="a lot")
        if action in ("nan", "inf", "-0.1", "1.1"):
            return StepResult(observation=Observation(text="x"), progression=float(action))
        if action == "priceless":
            return StepResult(observation=Observation(text="x"), reward=float("nan"))
        if action == "unspeakable":
            return object()
        seen = os.environ.get(action, "unset")
        return StepResult(observation=Observation(text=seen, status=str(self.seed)), reward=0.5)

    def frame(self):
        return None

    def close(self):
        if self.seed == 13:
            raise RuntimeError("it would not close")
'''


@pytest.fixture
def naughty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentSpec:
    """A game whose tasks and actions make it fail in every way there is."""
    folder = tmp_path / "games"
    folder.mkdir()
    (folder / "naughty.py").write_text(GAMES, encoding="utf-8")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join((str(folder), os.environ.get("PYTHONPATH", "")))
    )
    monkeypatch.syspath_prepend(folder)
    return EnvironmentSpec(name="naughty", make="naughty:Game", summary="misbehaves")
