"""How long it takes to measure the behavior of a very long episode from its trace."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from figures import Figure

from automem.episode.compaction import compact
from automem.episode.folder import EpisodeFolder
from automem.episode.observing import observed
from automem.episode.stream import stream_events, trace_of
from automem.episode.writing import TraceWriter
from automem.evaluate.behaviour.episode import behaviour
from automem.evaluate.timeline import timeline
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.environment import EnvironmentInfo, Observation
from automem.records.memory import Kind, Operation
from automem.records.model import Message, Usage
from automem.records.scaffold import FileRule, KeyRule, Manifest, OperationRule, Phase, Retention
from automem.records.trace import (
    Acted,
    AnyEvent,
    Asked,
    Ended,
    Observed,
    Remembered,
    Started,
    Totals,
)

STEPS = 100_000
KINDS: tuple[Kind, ...] = ("read", "search", "tail", "append", "write", "upsert")
MOVES = ("north", "east", "south", "west")
THINGS = ("tree", "stone", "cow", "water", "iron", "coal", "table", "zombie")
INSTRUCTIONS = "\n".join(
    [f"Rule {number}: what may be done, what comes of it." for number in range(60)]
)


def measure() -> list[Figure]:
    """The figures of this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = EpisodeFolder(Path(name))
        with TraceWriter(folder.trace) as writer:
            for event in _events():
                writer.write(event)
        growing = _seconds(lambda: behaviour(stream_events(trace_of(folder))))
        compact(folder)
        compacted = _seconds(lambda: behaviour(stream_events(trace_of(folder))))
        lived = _seconds(lambda: timeline(stream_events(trace_of(folder))))
    about = f"{STEPS:,} steps, 2 calls and 4 operations each, CPU time of one core"
    return [
        Figure("behavior of a growing trace", f"{growing:.1f} s", about, "at most 20 s"),
        Figure("behavior of a compacted trace", f"{compacted:.1f} s", "the same", "at most 20 s"),
        Figure("time line of its memory", f"{lived:.1f} s", "the same, compacted"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _events() -> Iterator[AnyEvent]:
    """An agent that walks about and keeps a log, a keyed map and goals it rewrites."""
    drawn = random.Random(1)
    info = EnvironmentInfo(
        name="walk",
        actions=MOVES,
        opposites=(("north", "south"), ("east", "west")),
        max_steps=STEPS,
    )
    memory = MemoryStore(None, _manifest(), {})
    yield Started(
        step=0,
        info=info,
        seed=1,
        scaffold="",
        agent="logplan",
        roles={},
        files=memory.files(),
    )
    x = y = 0
    for step in range(STEPS):
        thing, move = drawn.choice(THINGS), drawn.randrange(4)
        seen = _look(step, x, y, thing, info)
        yield seen
        yield _asked(step, "log", seen)
        note = f"Step {step}: at {x},{y} facing {MOVES[move]}, {thing} ahead, health {step % 9}."
        yield _done(memory, step, "log", "append", "log.txt", note)
        yield _done(memory, step, "log", "upsert", "map.txt", f"{x},{y}", f"{thing}, step {step}")
        yield _asked(step, "plan", seen)
        if step % 5:
            yield _done(memory, step, "plan", "search", "map.txt", thing)
        else:
            yield _done(memory, step, "plan", "read", "log.txt")
        if step % 10 == 0:
            goals = f"Find {thing}.\nGo {MOVES[move]} first.\nDo not starve."
            yield _done(memory, step, "log", "write", "goals.txt", goals)
        else:
            yield _done(memory, step, "plan", "tail", "log.txt", "5")
        x, y = x + (move == 1) - (move == 3), y + (move == 0) - (move == 2)
        yield Acted(
            step=step,
            said=MOVES[move],
            executed=MOVES[move],
            valid=True,
            reward=0.0,
            progression=step / STEPS,
        )
    yield _look(STEPS, x, y, "end", info)
    yield Ended(step=STEPS, reason="max_steps", progression=1.0, totals=Totals(steps=STEPS))


def _manifest() -> Manifest:
    return Manifest(
        name="walk",
        files={
            "map.txt": FileRule(key=KeyRule(shape="x,y")),
            "log.txt": FileRule(retention=Retention(max_lines=400, keep_last=200)),
        },
        operation=tuple(OperationRule(name=kind.upper(), kind=kind) for kind in KINDS),
    )


def _look(step: int, x: int, y: int, thing: str, info: EnvironmentInfo) -> Observed:
    around = "\n".join(f"- {each} {abs(x) % 7} steps to the east" for each in THINGS)
    text = f"You see:\n{around}\nYou face {thing} in front of you.  "
    shown = Observation(text=text, status=f"health {step % 9}, food {step % 7}", position=(x, y, 0))
    return observed(step, shown, info)


def _asked(step: int, phase: Phase, seen: Observed) -> Asked:
    prompt = f"{INSTRUCTIONS}\n\nStep {step}.\n{seen.text}\n{seen.status}"
    return Asked(
        step=step,
        phase=phase,
        turn=0,
        role="memory",
        model="none",
        messages=(
            Message(role="system", content=INSTRUCTIONS),
            Message(role="user", content=prompt),
        ),
        reply=f"I note what I see in step {step} and go on." * 3,
        usage=Usage(input_tokens=len(prompt) // 4, output_tokens=30),
    )


def _done(memory: MemoryStore, step: int, phase: Phase, kind: Kind, *arguments: str) -> Remembered:
    rule = next(rule for rule in memory.manifest.operation if rule.kind == kind)
    result = execute(memory, rule, Operation(name=rule.name, arguments=arguments))
    return Remembered(
        step=step,
        phase=phase,
        turn=0,
        operation=result.operation,
        kind=result.kind,
        file=result.file,
        arguments=arguments,
        outcome=result.outcome,
        result=result.text,
        hits=result.hits,
        bytes_before=result.bytes_before,
        bytes_after=result.bytes_after,
        edit=result.edit,
    )
