"""The one door through which an episode's events pass: recorded ones are checked, new ones kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

import msgspec

from automem.episode.tally import Tally
from automem.episode.writing import TraceWriter
from automem.errors import ReplayMismatch
from automem.records.model import Message, Role
from automem.records.scaffold import Phase
from automem.records.trace import Acted, AnyEvent, Asked, Ended, Started, Warned

CODE_FAULT = "code_fault"
"""The kind of a warning that scaffold code failed."""

Listener = Callable[[AnyEvent], None]
E = TypeVar("E", bound=AnyEvent)


@dataclass(slots=True)
class Recorder:
    """Plays a recording back, event by event, and goes on live where it runs out.

    While recorded events are left, every event the episode produces must equal the recorded one,
    times apart, and model calls are answered from the recording. A call that failed for good is
    the last event of a recording, and is asked again.
    """

    writer: TraceWriter | None
    """None proves a finished trace again: nothing may follow the recording."""
    recorded: Iterator[AnyEvent]
    """Read to its end before anything is written."""
    listener: Listener | None = None
    tally: Tally = field(default_factory=Tally)
    _following: AnyEvent | None = field(default=None, init=False)
    """The next recorded event."""

    def __post_init__(self) -> None:
        self._advance()

    @property
    def replaying(self) -> bool:
        """Whether recorded events are left."""
        return self._following is not None

    def record(self, event: E) -> E:
        """Check `event` against the recording, or write it. Returns the one that counts.

        Raises ReplayMismatch where the recording says something else.
        """
        self._skip_failed_calls()
        recorded = self._following
        if recorded is not None:
            self._advance()
            if timeless(recorded) != timeless(event):
                raise ReplayMismatch(difference(recorded, event))
            kept = cast("E", recorded)
        else:
            kept = event
            self._append(event)
        self.tally.add(kept)
        return kept

    def answered(
        self, step: int, phase: Phase, turn: int, role: Role, messages: tuple[Message, ...]
    ) -> Asked | None:
        """The recorded answer to this call; None where it has to be asked.

        Raises ReplayMismatch where the recording holds another call.
        """
        self._skip_failed_calls()
        kept = self._following
        if kept is None:
            return None
        self._advance()
        asked = (step, phase, turn, role, messages)
        if not isinstance(kept, Asked) or asked != (
            kept.step,
            kept.phase,
            kept.turn,
            kept.role,
            kept.messages,
        ):
            now = Asked(step=step, phase=phase, turn=turn, role=role, model="", messages=messages)
            if isinstance(kept, Asked):
                now = msgspec.structs.replace(now, model=kept.model)
            raise ReplayMismatch(difference(kept, now))
        self.tally.add(kept)
        return kept

    def recorded_fault(self, step: int, about: str) -> Warned | None:
        """The failure of scaffold code that comes next in the recording, to be repeated."""
        self._skip_failed_calls()
        kept = self._following
        if isinstance(kept, Warned) and (kept.step, kept.kind, kept.about) == (
            step,
            CODE_FAULT,
            about,
        ):
            return kept
        return None

    def _skip_failed_calls(self) -> None:
        while isinstance(self._following, Asked) and self._following.error:
            self._advance()

    def _advance(self) -> None:
        self._following = next(self.recorded, None)

    def _append(self, event: AnyEvent) -> None:
        if self.writer is None:
            raise ReplayMismatch(
                f"step {event.step}: the trace is over, but the episode goes on with {_kind(event)}"
            )
        self.writer.write(event)
        if self.listener is not None:
            self.listener(event)


def recorder_of(
    events: Iterable[AnyEvent], writer: TraceWriter | None, listener: Listener | None = None
) -> Recorder:
    """A recorder that plays `events` first."""
    return Recorder(writer=writer, recorded=iter(events), listener=listener)


def timeless(event: AnyEvent) -> AnyEvent:
    """`event` without what differs between two plays of the same episode: clocks and counts."""
    match event:
        case Started():
            # An episode of an older AutoMem, or of another machine, is gone on with.
            return msgspec.structs.replace(
                event, started_at="", versions={}, trace_version=0, jail=""
            )
        case Asked():
            return msgspec.structs.replace(event, seconds=0.0, waited_seconds=0.0, retries=0)
        case Acted():
            return msgspec.structs.replace(event, seconds=0.0)
        case Ended():
            totals = msgspec.structs.replace(event.totals, seconds=0.0, retries=0, roles={})
            return msgspec.structs.replace(event, totals=totals)
        case _:
            return event


def difference(recorded: AnyEvent, now: AnyEvent) -> str:
    """One sentence on how the episode departs from its recording."""
    if type(recorded) is not type(now) or recorded.step != now.step:
        return (
            f"step {recorded.step}: the recording has {_kind(recorded)}, "
            f"now comes {_kind(now)} of step {now.step}"
        )
    for name in recorded.__struct_fields__:
        before, after = getattr(recorded, name), getattr(now, name)
        if before != after:
            was, now_is = _apart(repr(before), repr(after))
            return f"step {recorded.step}: {_kind(recorded)}.{name} was {was}, now it is {now_is}"
    return f"step {recorded.step}: {_kind(recorded)} differs"


def _apart(before: str, after: str) -> tuple[str, str]:
    """Two long texts cut to where they part."""
    pairs = zip(before, after, strict=False)
    same = next(
        (i for i, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after))
    )
    begin = max(0, same - 40) if same > 60 else 0
    return _cut(before, begin), _cut(after, begin)


def _cut(text: str, begin: int) -> str:
    dots_before, dots_after = ("..." if begin else ""), ("..." if len(text) > begin + 160 else "")
    return f"{dots_before}{text[begin : begin + 160]}{dots_after}"


def _kind(event: AnyEvent) -> str:
    return type(event).__name__.lower()
