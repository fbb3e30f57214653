"""How long the table of turns of a large collection takes, and how much memory."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from behaviour import INSTRUCTIONS, THINGS
from figures import Figure

from automem.episode.compaction import compact
from automem.episode.folder import EpisodeFolder
from automem.episode.observing import observed
from automem.episode.writing import TraceWriter
from automem.memory.grammar import write
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.environment import EnvironmentInfo, Observation
from automem.records.memory import Kind, Operation
from automem.records.model import Message, Usage
from automem.records.result import EpisodeResult
from automem.records.scaffold import Inject, Manifest, OperationRule, Phase
from automem.records.trace import Acted, AnyEvent, Asked, Ended, Remembered, Started, Totals
from automem.run.layout import RunFolder
from automem_train.turns.source import Source
from automem_train.turns.table import turn_table

EPISODES = 100
STEPS = 2_000
KINDS: tuple[Kind, ...] = ("read", "search", "tail", "append")
SLOTS = (Inject(slot="goals", file="goals.txt", phases=("log", "plan")),)


def measure() -> list[Figure]:
    """The figures of this file: plain, with prompt slots, and from traces not yet compacted."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        growing = _recorded(Path(name) / "growing")
        compacted = _recorded(Path(name) / "compacted")
        compact(compacted)
        for what, folder, slots in (
            ("compacted", compacted, False),
            ("compacted, a scaffold with prompt slots", compacted, True),
            ("growing", growing, False),
        ):
            seconds, megabytes, turns, size = _table(Path(name), folder, slots=slots)
            wanted = "at most 60 s and 500 MB" if what == "compacted" else ""
            about = (
                f"{EPISODES} episodes of {STEPS:,} steps, {turns:,} turns, table of "
                f"{size / 1e6:.0f} MB, wall time of one process"
            )
            figures.append(
                Figure(
                    f"table of turns, {what}", f"{seconds:.1f} s, {megabytes:.0f} MB", about, wanted
                )
            )
    return figures


def _table(folder: Path, episode: EpisodeFolder, *, slots: bool) -> tuple[float, float, int, int]:
    """In a process of its own, so that its memory is its own."""
    argv = [sys.executable, __file__, str(folder / "run"), str(episode.path), str(int(slots))]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    seconds, megabytes, turns, size = done.stdout.split()
    return float(seconds), float(megabytes), int(turns), int(size)


def _recorded(folder: Path) -> EpisodeFolder:
    """One episode; the table reads it as if it were as many as it takes."""
    folder.mkdir()
    episode = EpisodeFolder(folder)
    with TraceWriter(episode.trace) as writer:
        for event in _events():
            writer.write(event)
    return episode


def _events() -> Iterator[AnyEvent]:
    """Notes, a look at them, and a search before each action: four calls a step."""
    drawn = random.Random(1)
    info = EnvironmentInfo(name="walk", actions=("on",), max_steps=STEPS)
    rules = tuple(OperationRule(name=kind.upper(), kind=kind) for kind in KINDS)
    memory = MemoryStore(None, Manifest(name="walk", operation=rules), {"goals.txt": "Go on.\n"})
    yield Started(
        step=0, info=info, seed=1, scaffold="", agent="logplan", roles={}, files=memory.files()
    )
    for step in range(STEPS):
        thing = drawn.choice(THINGS)
        text = "\n".join(f"- {each} {drawn.randrange(9)} steps on" for each in THINGS)
        seen = observed(step, Observation(text=f"You see:\n{text}", status=f"{step % 9}"), info)
        yield seen
        told = f"Step {step}: {thing} ahead, health {drawn.randrange(9)}, {drawn.randrange(99)}."
        calls: list[tuple[Phase, int, Kind, tuple[str, ...]]] = [
            ("log", 0, "tail", ("log.txt", "5")),
            ("log", 1, "append", ("log.txt", told)),
            ("plan", 0, "search", ("log.txt", thing)),
            ("plan", 1, "read", ("goals.txt",)),
        ]
        for phase, turn, kind, arguments in calls[0 if step else 2 :]:
            asked = Operation(name=kind.upper(), arguments=arguments)
            prompt = f"{INSTRUCTIONS}\n\nStep {step}.\n{seen.text}" if not turn else "Go on."
            yield Asked(
                step=step,
                phase=phase,
                turn=turn,
                role="memory",
                model="none",
                messages=(Message(role="user", content=prompt),),
                reply=f"I look at what there is. {write(asked)}",
                usage=Usage(input_tokens=900, output_tokens=30),
            )
            yield _done(memory, step, phase, turn, asked)
        yield Acted(
            step=step, said="on", executed="on", valid=True, reward=0.0, progression=step / STEPS
        )
    yield observed(STEPS, Observation(text="The end."), info)
    yield Ended(step=STEPS, reason="max_steps", progression=1.0, totals=Totals(steps=STEPS))


def _done(memory: MemoryStore, step: int, phase: Phase, turn: int, asked: Operation) -> Remembered:
    rule = next(rule for rule in memory.manifest.operation if rule.name == asked.name)
    result = execute(memory, rule, asked)
    return Remembered(
        step=step,
        phase=phase,
        turn=turn,
        operation=result.operation,
        kind=result.kind,
        file=result.file,
        arguments=asked.arguments,
        outcome=result.outcome,
        result=result.text,
        hits=result.hits,
        bytes_before=result.bytes_before,
        bytes_after=result.bytes_after,
        edit=result.edit,
    )


def main() -> None:
    """Make one table and print its figures; called with run, episode and whether slots are used."""
    run, folder, slots = sys.argv[1:]
    result = EpisodeResult(
        environment="walk",
        task="default",
        seed=1,
        reason="max_steps",
        progression=1.0,
        totals=Totals(steps=STEPS),
    )
    sources = [
        Source(
            evaluation="0" * 16,
            task="default",
            seed=seed,
            folder=EpisodeFolder(Path(folder)),
            result=msgspec.structs.replace(result, seed=seed, reward=float(len(folder))),
            rank=0.0,
            slots=SLOTS if int(slots) else (),
        )
        for seed in range(EPISODES)
    ]
    began = time.perf_counter()
    table = turn_table(RunFolder(Path(run) / Path(folder).name / slots), sources)
    seconds = time.perf_counter() - began
    turns = sum(1 for _ in table.turns())
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:.1f} {megabytes:.0f} {turns} {table.path.stat().st_size}")


if __name__ == "__main__":
    main()
