"""The behavior of one episode, counted in a single pass over its trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.errors import TraceError
from automem.evaluate.behaviour.motion import Motion
from automem.evaluate.behaviour.operations import Operations
from automem.records.behaviour import Behaviour
from automem.records.scaffold import Inject
from automem.records.trace import Acted, AnyEvent, Asked, Observed, Remembered, Started
from automem.run.layout import RunFolder
from automem.scaffold.load import load_scaffold


def behaviour(events: Iterable[AnyEvent], slots: Sequence[Inject] = ()) -> Behaviour:
    """Count the events of one trace, from its first to its last.

    `slots` is what the scaffold puts into prompts by itself: retrievals of the host, which a
    trace shows in prompts alone. Raises TraceError where the trace is damaged, or does not begin
    with its start.
    """
    rest = iter(events)
    started = next(rest, None)
    if not isinstance(started, Started):
        raise TraceError("the trace does not begin with the start of an episode")
    motion, operations = Motion(started.info), Operations(slots)
    operations.start(started)
    calls = input_tokens = cached_tokens = largest = 0
    for event in rest:
        match event:
            case Observed():
                motion.observed(event)
            case Acted():
                motion.acted(event)
            case Remembered():
                operations.remembered(event)
            case Asked() if event.error is None:
                calls += 1
                input_tokens += event.usage.input_tokens
                cached_tokens += event.usage.cached_tokens
                largest = max(largest, event.usage.input_tokens)
                operations.asked(event)
            case _:
                pass
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
        calls=calls,
        input_tokens=input_tokens,
        cached_tokens=cached_tokens,
        largest_prompt=largest,
        grown=operations.grown_by,
        written=operations.written_by,
        lines=operations.lines,
        reread_lines=operations.reread_lines,
        reread_age=operations.reread_age,
        dead_lines=operations.lines - operations.reread_lines,
    )


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
