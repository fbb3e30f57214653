"""The phases of a build, in order: what each runs, and what is there when it is done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from automem.files import replacing, write_json
from automem_tiny.building.commands import Command
from automem_tiny.corpus.correcting import summary
from automem_tiny.corpus.playing import Tally
from automem_tiny.corpus.variants import NAMES
from automem_tiny.recipe import Recipe, Training

_EPISODE: Final = 0.7
_CORRECTED: Final = 9.0
_EVALUATED: Final = 15.0
_STEP: Final = 0.4
_START: Final = 10.0
"""Seconds, roughly: they only say how much of a build is left."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One of them."""

    name: str
    commands: tuple[Command, ...]
    """Independent of one another."""
    done: Path
    """Exists when the phase is done; written whole or not at all."""
    seconds: float
    """Roughly."""
    finish: Callable[[], None] = lambda: None
    """Makes of what the commands made what the phase is for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe in a folder."""

    folder: Path
    recipe: Recipe

    @property
    def model(self) -> Path:
        """What is made."""
        return self.folder / "model"

    @property
    def stages(self) -> tuple[Path, ...]:
        """Folders of weights, one for each training."""
        count = 1 + len(self.recipe.rounds)
        return tuple(self.folder / f"stage-{number}" for number in range(count))

    @property
    def lessons(self) -> tuple[Path, ...]:
        """Files of lessons; each stage learns one more of them."""
        count = len(self.recipe.rounds)
        corrected = (self.folder / f"corrected-{number}.jsonl" for number in range(1, count + 1))
        return (self.folder / "teacher.jsonl", *corrected)

    @property
    def evaluation(self) -> Path:
        """How well the model plays, for each scaffold."""
        return self.folder / "evaluation.json"

    def phases(self) -> Iterator[Phase]:
        """All but the last, which says what was done."""
        recipe = self.recipe
        yield self._teacher()
        yield self._tokenizer()
        yield self._train(0, recipe.first)
        for number, one in enumerate(recipe.rounds, 1):
            yield self._correct(number, one.episodes)
            yield self._train(number, one.training)
        yield self._pack()
        yield self._evaluate()

    def _ranges(self, first: int, episodes: int) -> Iterator[tuple[int, int]]:
        for begin in range(0, episodes, self.recipe.part):
            yield first + begin, min(self.recipe.part, episodes - begin)

    def _teacher(self) -> Phase:
        recipe, out = self.recipe, self.lessons[0]
        parts = self.folder / "parts" / "teacher"
        commands: list[Command] = []
        for first, count in self._ranges(recipe.teacher_first, recipe.teacher_episodes):
            made = parts / f"{first}.jsonl"
            arguments = (made, *_episodes(first, count), "--steps", str(recipe.episode_steps))
            command = Command(f"teacher-{first}", "corpus.making", arguments, made, count)
            commands.append(command)
        return Phase(
            name="teacher's episodes",
            commands=tuple(commands),
            done=out,
            seconds=_EPISODE * recipe.teacher_episodes,
            finish=lambda: _join([one.makes for one in commands], out),
        )

    def _tokenizer(self) -> Phase:
        made = self.stages[0] / "tokenizer.json"
        arguments = (self.stages[0], self.lessons[0])
        command = Command("tokenizer", "training.tokenizer", arguments, made, torch=True)
        return Phase(name="tokenizer", commands=(command,), done=made, seconds=2 * _START)

    def _train(self, number: int, training: Training) -> Phase:
        recipe, stage = self.recipe, self.stages[number]
        begin = ("--start", self.stages[number - 1]) if number else ()
        arguments = (
            *(stage, *self.lessons[: number + 1]),
            *("--size", recipe.size, "--seed", str(recipe.seed + number)),
            *("--steps", str(training.steps), "--rate", str(training.rate)),
            *("--batch", str(training.batch), *begin),
        )
        made = stage / "training.json"
        command = Command(f"train-{number}", "training.train", arguments, made, torch=True)
        return Phase(
            name=f"training {number + 1} of {len(self.stages)}",
            commands=(command,),
            done=made,
            seconds=_START + _STEP * training.steps * training.batch / 32,
        )

    def _correct(self, number: int, episodes: int) -> Phase:
        recipe, out = self.recipe, self.lessons[number]
        parts = self.folder / "parts" / f"corrected-{number}"
        commands = tuple(
            self._play(
                self.stages[number - 1],
                *(name, first, count, recipe.episode_steps, recipe.temperature),
                name=f"corrected-{number}",
                tallies=parts / f"{name}-{first}.tallies",
                lessons=parts / f"{name}-{first}.jsonl",
            )
            for name in NAMES
            for first, count in self._ranges(recipe.played_first + 1000 * number, episodes)
        )
        return Phase(
            name=f"corrections {number} of {len(recipe.rounds)}",
            commands=commands,
            done=out,
            seconds=_CORRECTED * episodes * len(NAMES),
            finish=lambda: _join([one.makes for one in commands], out),
        )

    def _play(
        self,
        model: Path,
        scaffold: str,
        first: int,
        count: int,
        steps: int,
        temperature: float,
        *,
        name: str,
        tallies: Path,
        lessons: Path | None = None,
    ) -> Command:
        arguments = (
            *("--model", model, "--scaffold", scaffold, *_episodes(first, count)),
            *("--steps", str(steps), "--temperature", str(temperature)),
            *("--at-once", str(self.recipe.together), "--tallies", tallies),
            *(("--out", lessons) if lessons else ()),
        )
        made = lessons or tallies
        return Command(f"{name}-{scaffold}-{first}", "corpus.correcting", arguments, made, count)

    def _pack(self) -> Phase:
        made = self.model / "model.safetensors"
        arguments = (self.stages[-1], self.model)
        command = Command("pack", "training.packing", arguments, made, torch=True)
        return Phase(name="packing", commands=(command,), done=made, seconds=_START)

    def _evaluate(self) -> Phase:
        asked, parts = self.recipe.evaluation, self.folder / "parts" / "evaluation"
        commands = tuple(
            self._play(
                *(self.model, name, first, count, asked.steps, asked.temperature),
                name="evaluation",
                tallies=parts / f"{name}-{first}.tallies",
            )
            for name in NAMES
            for first, count in self._ranges(asked.first, asked.episodes)
        )
        return Phase(
            name="evaluation",
            commands=commands,
            done=self.evaluation,
            seconds=_EVALUATED * asked.episodes * len(NAMES),
            finish=lambda: _sum_up([one.makes for one in commands], self.evaluation),
        )


def _episodes(first: int, count: int) -> tuple[str, ...]:
    return ("--first", str(first), "--episodes", str(count))


def _join(parts: list[Path], out: Path) -> None:
    """One behind the other, in their order."""
    with replacing(out) as stream:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, stream)
    for part in parts:
        part.unlink()


def _sum_up(parts: list[Path], out: Path) -> None:
    """What the episodes came to, for each scaffold."""
    decode = msgspec.json.Decoder(Tally).decode
    tallies = [decode(line) for part in parts for line in part.read_bytes().splitlines()]
    write_json(
        out,
        [
            summary(name, found)
            for name in NAMES
            if (found := [tally for tally in tallies if tally.scaffold == name])
        ],
    )
