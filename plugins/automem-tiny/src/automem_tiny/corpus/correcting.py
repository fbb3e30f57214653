"""`python -m automem_tiny.corpus.correcting`: the model plays; the teacher says what was better.

Without `--out` nothing is written, and the episodes are an evaluation.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import anyio
import msgspec

from automem.agent.protocol import Scene
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem_tiny.corpus.asking import Lockstep, Pupil
from automem_tiny.corpus.game import crafter
from automem_tiny.corpus.making import HANDED_OVER, MIXTURE
from automem_tiny.corpus.playing import Stage, Tally
from automem_tiny.corpus.teaching import Teacher, words_of
from automem_tiny.corpus.variants import NAMES, SHARES, variant
from automem_tiny.corpus.writing import Lesson, weight_of
from automem_tiny.engine import Engine


@dataclass(slots=True)
class Corrected:
    """The model plays; each of its calls becomes a lesson with the teacher's reply."""

    pupil: Pupil
    teacher: Teacher
    lessons: list[Lesson] = field(default_factory=list[Lesson])
    agreed: int = 0

    async def reply(self, phase: Phase, scene: Scene, talk: tuple[Message, ...]) -> str:
        """The model's reply."""
        said = await self.pupil.reply(phase, scene, talk)
        better = self.teacher.said(phase, scene, talk)
        self.agreed += said == better
        whole = (*talk, Message(role="assistant", content=better))
        self.lessons.append(
            Lesson(
                messages=whole,
                weight=weight_of(phase, whole),
                seed=self.pupil.seed,
                step=scene.step,
                phase=phase,
                last=True,
            )
        )
        return said


def main() -> None:
    """Play the episodes that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, help="the folder of the weights")
    parser.add_argument("--scaffold", choices=tuple(SHARES), action="append")
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    for name in given.scaffold or NAMES:
        anyio.run(_play, given, name)


async def _play(given: argparse.Namespace, name: str) -> None:
    tallies: list[Tally] = []
    lessons: list[Lesson] = []
    agreed = 0
    left = list(range(given.first, given.first + given.episodes))
    at_once = min(given.at_once, len(left))
    lockstep = Lockstep(Engine.load(given.model, at_once=at_once), living=at_once)
    began = time.monotonic()

    async def work() -> None:
        nonlocal agreed
        game = crafter()  # one for each: an episode is in it
        while left:
            seed = left.pop(0)
            luck = Random(seed)  # noqa: S311 - games, not secrets
            folder = variant(name, luck if given.out else None)
            hands_over = bool(given.out) and luck.random() < HANDED_OVER
            stage = Stage(game, folder, given.steps, hands_over)
            pupil = Pupil(lockstep, given.temperature, seed)
            player = Corrected(pupil, Teacher(words_of(folder), MIXTURE, luck))
            tallies.append(await stage.play(seed, player))
            lessons.extend(player.lessons)
            agreed += player.agreed
        lockstep.leave()

    async with anyio.create_task_group() as tasks:
        for _ in range(at_once):
            tasks.start_soon(work)
    sys.stdout.write(json.dumps(summary(name, tallies, agreed, time.monotonic() - began)) + "\n")
    sys.stdout.flush()
    if given.out:
        encoder = msgspec.json.Encoder()
        with given.out.open("ab") as stream:
            stream.writelines(encoder.encode(lesson) + b"\n" for lesson in lessons)


def summary(name: str, tallies: list[Tally], agreed: int, seconds: float) -> dict[str, object]:
    """What the episodes came to."""
    scores = [100 * tally.progression for tally in tallies]
    steps = sum(tally.steps for tally in tallies)
    replies = sum(tally.replies for tally in tallies)
    operations = sum(tally.operations for tally in tallies)
    counts = Counter(event for tally in tallies for event in tally.achieved)
    error = statistics.stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0
    return {
        "scaffold": name,
        "episodes": len(scores),
        "progression": round(statistics.mean(scores), 1),
        "error": round(error, 1),
        "steps": round(steps / len(tallies)),
        "agreed": round(agreed / replies, 4),
        "valid_operations": round(
            1 - sum(t.bad_operations for t in tallies) / max(1, operations), 4
        ),
        "valid_actions": round(1 - sum(t.bad_actions for t in tallies) / steps, 4),
        "writes_per_search": round(
            sum(t.log_writes for t in tallies) / max(1, sum(t.log_searches for t in tallies)), 2
        ),
        "consulted": round(sum(t.consulted_steps for t in tallies) / steps, 3),
        "seconds_per_step": round(seconds / steps, 4),
        "achieved": {k: round(v / len(tallies), 2) for k, v in counts.most_common()},
        "scores": [round(score, 1) for score in scores],
    }


if __name__ == "__main__":
    main()
