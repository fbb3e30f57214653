"""An episode as long as a game of NetHack may be: written, gone on with, compacted, looked into."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from automem.agent.conversation import Conversation
from automem.agent.protocol import Desk, Scene
from automem.episode.blocks import BLOCK_BYTES, read_index
from automem.episode.compaction import compact
from automem.episode.desk import EpisodeDesk
from automem.episode.folder import EpisodeFolder
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget
from automem.episode.progress import EpisodeProgress
from automem.episode.reader import TraceReader, open_trace
from automem.episode.recorder import recorder_of
from automem.episode.recording import cut_torn_end, read_recording
from automem.episode.runner import EpisodeRunner
from automem.episode.writing import TraceWriter
from automem.errors import EnvironmentFailure
from automem.memory.store import MemoryStore
from automem.models.router import Router
from automem.processes.pool import in_process
from automem.records.config import LimitsSection
from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.records.memory import Operation
from automem.records.result import EpisodeResult
from automem.records.scaffold import ActionRule, OperationRule
from automem.records.trace import Started
from automem.scaffold.load import load_scaffold
from automem.testing.scripted import ScriptedModel
from automem.testing.toy import toy_scaffold

STEPS = 100_000
MIDDLE = STEPS // 2
NOTED_EVERY = 100
LOOKS = 40
MOST_SECONDS = 0.05
"""Of processor time, for reading one step and its memory."""
WAYS = ("north", "east", "south", "west")


class Dungeon:
    """Shows as much text as NetHack does; most of it stays the same from step to step."""

    def __init__(self, fails_at: int | None) -> None:
        self.info = EnvironmentInfo(
            name="dungeon", actions=WAYS, default_action="north", max_steps=STEPS
        )
        self._fails_at = fails_at
        self._random = random.Random()
        self._step = 0

    def reset(self, seed: int) -> Observation:
        self._random.seed(seed)
        self._step = 0
        return self._observe()

    def step(self, action: str) -> StepResult:
        self._step += 1
        if self._step == self._fails_at:
            raise EnvironmentFailure("the library crashed")
        return StepResult(
            observation=self._observe(),
            progression=self._step / STEPS,
            benchmark_progression=self._step / STEPS,
        )

    def frame(self) -> Frame | None:
        return None

    def close(self) -> None:
        pass

    def _observe(self) -> Observation:
        level = self._step // 500
        rows = [f"{'|' + '.' * (20 + (level + row) % 40) + '|':80}" for row in range(21)]
        row, column = self._random.randrange(21), self._random.randrange(1, 20)
        rows[row] = rows[row][:column] + "@" + rows[row][column + 1 :]
        rows += [f"{'Agent the Plunderess  St:18 Dx:16':80}", f"{f'Dlvl:1 T:{self._step}':80}"]
        text = "message:\nYou see here nothing.\n\nmap:\n" + "\n".join(rows) + "\n"
        return Observation(text=text, status="inventory:\na: a +0 axe\n", position=(column, row, 0))


@dataclass(slots=True)
class Walker:
    """Asks once a step, and notes every hundredth one."""

    append: OperationRule

    async def act(self, scene: Scene, desk: Desk) -> str | None:
        talk = Conversation()
        talk.user(f"{scene.text}\nWhich way?")
        reply = await desk.ask("gameplay", "plan", talk)
        if scene.step % NOTED_EVERY == 0:
            noted = Operation(name="APPEND", arguments=("log.txt", f"Step {scene.step}."))
            desk.remember("log", 1, self.append, noted)
        return reply.text


def _play(folder: EpisodeFolder, *, fails_at: int | None = None) -> EpisodeResult:
    scaffold = load_scaffold(toy_scaffold())
    append = next(rule for rule in scaffold.manifest.operation if rule.name == "APPEND")
    cut_torn_end(folder.trace)
    recording = read_recording(folder.trace)
    dungeon = Dungeon(fails_at)
    model = ScriptedModel(lambda request: WAYS[len(request.messages[-1].content) % 4])
    memory = MemoryStore(folder.memory, scaffold.manifest, scaffold.files)
    with TraceWriter(folder.trace, recording.window) as writer:
        desk = EpisodeDesk(
            EpisodeJob(environment="dungeon", task="default", seed=5),
            Router.for_backend(model, gameplay=model),
            memory,
            recorder_of(recording.events, writer),
            RunBudget.of(LimitsSection()),
            EpisodeProgress("default", 5, max_steps=STEPS),
        )
        started = Started(
            step=0,
            info=dungeon.info,
            seed=5,
            scaffold="",
            agent="",
            roles={},
            files=memory.files(),
        )
        runner = EpisodeRunner(
            session=in_process(dungeon),
            info=dungeon.info,
            agent=Walker(append),
            desk=desk,
            rule=ActionRule(),
            started=started,
        )
        return anyio.run(runner.play)


def _expected_step(text: str) -> int:
    return int(text.split(" T:")[1].split()[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_steps_are_gone_on_with_from_the_middle_and_read_anywhere(
    tmp_path: Path,
) -> None:
    folder = EpisodeFolder(tmp_path)
    with pytest.raises(EnvironmentFailure, match="the library crashed"):
        _play(folder, fails_at=MIDDLE)
    half = folder.trace.stat().st_size
    with folder.trace.open("ab") as trace:
        trace.write(b'{"event":"acted","step":')

    result = _play(folder)
    assert (result.reason, result.totals.steps) == ("max_steps", STEPS)
    assert (result.progression, result.benchmark_progression) == (1.0, 1.0)
    assert half < folder.trace.stat().st_size < 3 * half

    raw = folder.trace.stat().st_size
    compacted = compact(folder).stat().st_size
    assert not folder.trace.exists()
    assert compacted < raw / 3

    reader = open_trace(folder)
    assert reader.count == STEPS + 1
    seconds = [_look(reader, number) for number in _numbers()]
    assert max(seconds) < MOST_SECONDS
    # What a step costs is bounded by the one block that is read for it.
    blocks = read_index(folder.compacted).blocks
    assert all(block.starts[-1] < 2 * BLOCK_BYTES for block in blocks)


def _numbers() -> list[int]:
    chosen = random.Random(1).sample(range(STEPS), LOOKS)
    return [0, MIDDLE - 1, MIDDLE, MIDDLE + 1, STEPS - 1, *chosen]


def _look(reader: TraceReader, number: int) -> float:
    """Read one step and its memory; the processor time it took."""
    began = time.process_time()
    view = reader.step(number)
    memory = reader.memory_at(number)
    took = time.process_time() - began
    assert view.observed is not None
    assert _expected_step(view.observed.text) == number
    assert view.acted is not None
    assert f"Step {number // NOTED_EVERY * NOTED_EVERY}." in memory["log.txt"]
    return took
