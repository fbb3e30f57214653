"""The behavior of one episode, counted in a single pass over its trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.errors import TraceError
from automem.evaluate.behaviour.motion import Motion
from automem.evaluate.behaviour.operations import Operations
from automem.records.behaviour import Behaviour
from automem.records.model import Usage
from automem.records.scaffold import Inject
from automem.records.trace import Acted, AnyEvent, Asked, Observed, Remembered, Started
from automem.run.layout import RunFolder
from automem.scaffold.load import load_scaffold


@dataclass(slots=True)
class Counting:
    """Counts the events of one trace as they come, from its first to its last.

    `slots` is what the scaffold puts into prompts by itself: retrievals of the host, which a
    trace shows in prompts alone.
    """

    slots: Sequence[Inject] = ()
    _motion: Motion | None = field(default=None, init=False)
    _operations: Operations = field(init=False)
    _calls: int = field(default=0, init=False)
    _usage: Usage = field(default=Usage(), init=False)
    _largest: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._operations = Operations(self.slots)

    def add(self, event: AnyEvent) -> None:
        """Count the next event. Raises TraceError if the first is not the start of an episode."""
        motion, operations = self._motion, self._operations
        if motion is None:
            if not isinstance(event, Started):
                raise TraceError("the trace does not begin with the start of an episode")
            self._motion = Motion(event.info)
            operations.start(event)
            return
        match event:
            case Observed():
                motion.observed(event)
            case Acted():
                motion.acted(event)
            case Remembered():
                operations.remembered(event)
            case Asked() if event.error is None:
                self._calls += 1
                self._usage += event.usage
                self._largest = max(self._largest, event.usage.input_tokens)
                operations.asked(event)
            case _:
                pass

    def sum(self) -> Behaviour:
        """The counts so far. Raises TraceError where there was no event at all."""
        motion, operations = self._motion, self._operations
        if motion is None:
            raise TraceError("the trace does not begin with the start of an episode")
        return Behaviour(
            steps=motion.steps,
            stuck=motion.stuck,
            oscillating=motion.oscillating,
            unproductive=motion.unproductive,
            invalid_actions=motion.invalid,
            writes=operations.writes,
            duplicate_writes=operations.duplicate_writes,
            searches=operations.searches,
            empty=operations.empty,
            failed=operations.failed,
            log_writes=operations.log_writes,
            log_searches=operations.log_searches,
            consulted_writes=operations.consulted_writes,
            calls=self._calls,
            input_tokens=self._usage.input_tokens,
            cached_tokens=self._usage.cached_tokens,
            largest_prompt=self._largest,
            grown=operations.grown_by,
            written=operations.written_by,
            lines=operations.lines,
            reread_lines=operations.reread_lines,
            reread_age=operations.reread_age,
            dead_lines=operations.lines - operations.reread_lines,
        )


def behaviour(events: Iterable[AnyEvent], slots: Sequence[Inject] = ()) -> Behaviour:
    """Count the events of one trace, from its first to its last. Raises TraceError."""
    counting = Counting(slots)
    for event in events:
        counting.add(event)
    return counting.sum()


def behaviour_of(folder: EpisodeFolder, slots: Sequence[Inject] = ()) -> Behaviour:
    """The behavior in the trace of an episode's folder. Raises TraceError."""
    return behaviour(stream_events(trace_of(folder)), slots)


def slots_of(run: RunFolder, scaffold: str, task: str) -> Sequence[Inject]:
    """What a scaffold of the run, by its hash, puts into the prompts of a task by itself.

    Nothing for an agent without a scaffold. Raises ScaffoldError.
    """
    for folder in run.scaffolds.glob(f"{scaffold}-*") if scaffold else ():
        return load_scaffold(folder).for_task(task).manifest.inject
    return ()
