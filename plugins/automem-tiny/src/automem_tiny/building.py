"""`automem-tiny build`: corpus, tokenizer, weights and figures, each phase kept when it is done."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from automem.processes.interpreters import python_of

CORPUS_SEED: Final = 201_000
PLAYED_SEED: Final = 210_000
"""Worlds in which the model itself plays and is corrected; a thousand further on each round."""
VALIDATION_SEED: Final = 60_000
VALIDATION_EPISODES: Final = 30
TEACHER_EPISODES: Final = 240
FIRST_STEPS: Final = 1200
ROUNDS: Final = ((40, 700), (40, 700), (40, 1000))
"""Episodes a scaffold that the model plays, and steps of training after them."""
MODEL: Final = "tiny"


@dataclass(frozen=True, slots=True)
class Build:
    """One folder in which a model is made."""

    folder: Path
    torch: str
    """The Python with torch: the interpreter of the local engine."""

    def run(self) -> None:
        """Every phase that is not done yet. Raises CalledProcessError where one fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lessons = [self.folder / "teacher.jsonl"]
        if not lessons[0].exists():
            first, count = str(CORPUS_SEED), str(TEACHER_EPISODES)
            self._here("corpus.making", lessons[0], "--first", first, "--episodes", count)
        stage = self.folder / "stage-0"
        if not (stage / "tokenizer.json").exists():
            self._there("training.tokenizer", stage, *lessons)
        self._train(stage, lessons, FIRST_STEPS, None)
        for number, (episodes, steps) in enumerate(ROUNDS, 1):
            found = self.folder / f"corrected-{number}.jsonl"
            if not found.exists():
                self._correct(stage, found, PLAYED_SEED + 1000 * number, episodes)
            lessons.append(found)
            before, stage = stage, self.folder / f"stage-{number}"
            self._train(stage, lessons, steps, before)
        final = self.folder / "model"
        self._there("training.packing", stage, final)
        with serving(self.torch, final) as url:
            self._here(
                *("corpus.correcting", "--url", url, "--model", MODEL),
                *("--first", str(VALIDATION_SEED), "--episodes", str(VALIDATION_EPISODES)),
                *("--steps", "2000"),
            )

    def _train(self, stage: Path, lessons: list[Path], steps: int, start: Path | None) -> None:
        begin = () if start is None else ("--start", start)
        self._there("training.train", stage, *lessons, "--steps", str(steps), *begin)

    def _correct(self, stage: Path, found: Path, first: int, episodes: int) -> None:
        part = found.with_suffix(".part")
        part.unlink(missing_ok=True)
        with serving(self.torch, stage) as url:
            self._here(
                *("corpus.correcting", "--url", url, "--model", MODEL, "--out", part),
                *("--first", str(first), "--episodes", str(episodes)),
            )
        part.replace(found)

    def _here(self, module: str, *arguments: str | Path) -> None:
        _run(sys.executable, module, *arguments)

    def _there(self, module: str, *arguments: str | Path) -> None:
        _run(self.torch, module, *arguments)


def build_model(folder: Path) -> int:
    """Make a model in a folder, or go on with it; 1 where a phase failed."""
    try:
        Build(folder, python_of("local")).run()
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"error: {error}; run the same command again to go on\n")
        return 1
    sys.stdout.write(f"{folder / 'model'}\n")
    return 0


def _environment() -> dict[str, str]:
    # The interpreter with torch has no copy of this package.
    source = str(Path(__file__).parents[1])
    return {**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1"}


def _run(python: str, module: str, *arguments: str | Path) -> None:
    argv = [python, "-m", f"automem_tiny.{module}", *map(str, arguments)]
    subprocess.run(argv, check=True, env=_environment())  # noqa: S603 - our own modules


@contextlib.contextmanager
def serving(python: str, model: Path) -> Generator[str]:
    """The local engine with a model, for as long as the block lasts; the address it answers at."""
    argv = [python, "-m", "automem_backends.local", "--model", str(model)]
    argv += ["--served-model-name", MODEL, "--port", "0", "--until-stdin-closes"]
    with subprocess.Popen(  # noqa: S603 - our own module
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
    ) as engine:
        try:
            if engine.stdout is None or not (url := engine.stdout.readline().strip()):
                raise subprocess.CalledProcessError(engine.wait(), argv)
            yield url
        finally:
            engine.terminate()
