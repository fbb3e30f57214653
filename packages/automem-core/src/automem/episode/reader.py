"""Opens a trace and answers questions about it: any step, the memory at any step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from automem.episode.blocks import Block, Index, read_block, read_files, read_index
from automem.episode.encoding import decode_whole
from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.episode.views import StepView, steps_of
from automem.errors import TraceError
from automem.memory.history import History
from automem.records.trace import AnyEvent, Asked, Ended, Observed, Started


@dataclass(slots=True)
class TraceReader:
    """One trace file. A compacted one answers for any step by reading a single block."""

    path: Path
    started: Started
    ended: Ended | None
    count: int
    """How many steps have begun: the number of observations."""
    _index: Index | None = None
    _steps: list[StepView] = field(default_factory=list[StepView])

    def events(self) -> Iterator[AnyEvent]:
        """Every event, in order."""
        return stream_events(self.path)

    def deeds(self) -> Iterator[AnyEvent]:
        """Every event but observations and calls, in order: a compacted trace is read fast so."""
        if self._index is None:
            yield from (e for e in self.events() if not isinstance(e, Observed | Asked))
            return
        for block in self._index.blocks:
            for line in read_block(self.path, block).splitlines():
                if not line.startswith((b'{"event":"observed"', b'{"event":"asked"')):
                    yield decode_whole(line)

    def steps(self) -> Iterator[StepView]:
        """Every step, in order."""
        return steps_of(self.events())

    def step(self, number: int) -> StepView:
        """One step. Raises TraceError if there is no such step."""
        self._check(number)
        if self._index is None:
            return self._loaded()[number]
        block = _block(self._index, number)
        view = StepView(number=number)
        for line in _lines(self.path, block, number, number):
            view.add(decode_whole(line))
        return view

    def between(self, first: int, last: int) -> list[StepView]:
        """Steps `first` to `last`, or to the end where that comes before; as cheap as one step.

        Raises TraceError if there is no step `first`.
        """
        self._check(first)
        last = min(last, self.count - 1)
        if self._index is None:
            return self._loaded()[first : last + 1]
        views: list[StepView] = []
        for block in self._index.blocks:
            begin, end = block.first_step, block.first_step + len(block.starts) - 1
            if begin <= last and end >= first:
                lines = _lines(self.path, block, max(first, begin), min(last, end))
                views += steps_of(decode_whole(line) for line in lines)
        return views

    def memory_at(self, number: int) -> dict[str, str]:
        """The memory files after everything that step `number` did to them: name -> text."""
        self._check(number)
        history = History()
        if self._index is None:
            history.apply(self.started)
            for step in self._loaded()[: number + 1]:
                for operation in step.remembered:
                    history.apply(operation)
            return history.files()
        block = _block(self._index, number)
        history = History(read_files(self.path, block))
        for line in _lines(self.path, block, block.first_step, number):
            if line.startswith((b'{"event":"started"', b'{"event":"remembered"')):
                history.apply(decode_whole(line))
        return history.files()

    def _check(self, number: int) -> None:
        if not 0 <= number < self.count:
            raise TraceError(
                f"there is no step {number} in {self.path}; it has steps 0 to {self.count - 1}"
            )

    def _loaded(self) -> list[StepView]:
        if not self._steps:
            self._steps = list(self.steps())
        return self._steps


def open_trace(folder: EpisodeFolder | Path) -> TraceReader:
    """Open the trace of an episode folder, or a trace file. Raises TraceError."""
    path = folder if isinstance(folder, Path) else trace_of(folder)
    if path.suffix == ".zst":
        index = read_index(path)
        started, ended = decode_whole(index.head), decode_whole(index.tail)
        if not isinstance(started, Started) or not isinstance(ended, Ended):
            raise TraceError(f"{path} is damaged: its index does not name an episode")
        count = index.blocks[-1].first_step + len(index.blocks[-1].starts)
        return TraceReader(path=path, started=started, ended=ended, count=count, _index=index)
    return _open_growing(path)


def _open_growing(path: Path) -> TraceReader:
    steps: list[StepView] = []
    started: Started | None = None
    ended: Ended | None = None
    for event in stream_events(path):
        started = event if isinstance(event, Started) else started
        ended = event if isinstance(event, Ended) else ended
        if not steps or steps[-1].number != event.step:
            steps.append(StepView(number=event.step))
        steps[-1].add(event)
    if started is None:
        raise TraceError(f"{path} holds no episode yet")
    return TraceReader(path=path, started=started, ended=ended, count=len(steps), _steps=steps)


def _block(index: Index, number: int) -> Block:
    return next(block for block in reversed(index.blocks) if block.first_step <= number)


def _lines(path: Path, block: Block, first: int, last: int) -> list[bytes]:
    """The lines of steps `first` to `last` of one block."""
    text = read_block(path, block)
    begin = block.starts[first - block.first_step]
    after = last + 1 - block.first_step
    end = block.starts[after] if after < len(block.starts) else len(text)
    return text[begin:end].splitlines()
