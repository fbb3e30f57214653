"""`python -m automem_tiny.corpus.correcting`: the model plays; the teacher says what was better.

Without `--out` the scaffolds are played as they are, no lessons are kept, and `--tallies` says what
the episodes came to: an evaluation.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import anyio
import msgspec

from automem.agent.protocol import Scene
from automem.errors import ModelError
from automem.files import replacing
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem_tiny.corpus.asking import Lockstep, Pupil
from automem_tiny.corpus.game import crafter
from automem_tiny.corpus.making import HANDED_OVER, MIXTURE
from automem_tiny.corpus.playing import Stage, Tally
from automem_tiny.corpus.teaching import Teacher, words_of
from automem_tiny.corpus.variants import SHARES, variant
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


@dataclass(slots=True)
class Round:
    """Episodes of one scaffold."""

    tallies: list[Tally] = field(default_factory=list[Tally])
    lessons: list[Lesson] = field(default_factory=list[Lesson])


def main() -> int:
    """Play the episodes that the command line asks for; 1 where one cannot be played."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, help="the folder of the weights")
    parser.add_argument("--scaffold", choices=tuple(SHARES), required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--out", type=Path, help="where lessons are put, when all are played")
    parser.add_argument("--tallies", type=Path, help="where to say what each episode came to")
    given = parser.parse_args()
    try:
        played = anyio.run(_play, given)
    except ModelError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    encode = msgspec.json.Encoder().encode
    for path, records in ((given.tallies, played.tallies), (given.out, played.lessons)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as stream:
                stream.writelines(encode(record) + b"\n" for record in records)
    return 0


async def _play(given: argparse.Namespace) -> Round:
    name = given.scaffold
    played: dict[int, tuple[Tally, list[Lesson]]] = {}
    left = list(range(given.first, given.first + given.episodes))
    at_once = min(given.at_once, len(left))
    lockstep = Lockstep(Engine.load(given.model, at_once=at_once), living=at_once)

    async def work() -> None:
        game = crafter()  # one for each: an episode is in it
        while left:
            seed = left.pop(0)
            luck = Random(seed)  # noqa: S311 - games, not secrets
            folder = variant(name, luck if given.out else None)
            hands_over = bool(given.out) and luck.random() < HANDED_OVER
            stage = Stage(game, folder, given.steps, hands_over)
            pupil = Pupil(lockstep, given.temperature, seed)
            player = Corrected(pupil, Teacher(words_of(folder), MIXTURE, luck))
            tally = await stage.play(seed, player)
            tally.scaffold, tally.agreed = name, player.agreed
            played[seed] = (tally, player.lessons if given.out else [])
            sys.stderr.write(f"{name} {seed}: {tally.steps} steps, {tally.progression:.2f}\n")
        lockstep.leave()

    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(at_once):
                tasks.start_soon(work)
    except ExceptionGroup as failures:
        # The others were only waiting.
        raise failures.exceptions[0] from failures.exceptions[0].__cause__
    # Not in the order in which they ended.
    in_order = [played[seed] for seed in sorted(played)]
    return Round(
        tallies=[tally for tally, _ in in_order],
        lessons=[lesson for _, lessons in in_order for lesson in lessons],
    )


def summary(name: str, tallies: Sequence[Tally]) -> dict[str, object]:
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
        "agreed": round(sum(tally.agreed for tally in tallies) / replies, 4),
        "valid_operations": round(
            1 - sum(t.bad_operations for t in tallies) / max(1, operations), 4
        ),
        "valid_actions": round(1 - sum(t.bad_actions for t in tallies) / steps, 4),
        "writes_per_search": round(
            sum(t.log_writes for t in tallies) / max(1, sum(t.log_searches for t in tallies)), 2
        ),
        "consulted": round(sum(t.consulted_steps for t in tallies) / steps, 3),
        "achieved": {k: round(v / len(tallies), 2) for k, v in counts.most_common()},
        "scores": [round(score, 1) for score in scores],
    }


if __name__ == "__main__":
    sys.exit(main())
