"""Follows one episode from event to event and tells its memory turns at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from automem.episode.stream import trace_of
from automem.errors import TraceError
from automem.evaluate.behaviour.lines import Change, Line, LineBook
from automem.evaluate.behaviour.repeats import Repeats
from automem.memory.reading import EVERY_FILE
from automem.records.memory import READING_KINDS, WRITING_KINDS
from automem.records.scaffold import Inject
from automem.records.trace import Acted, AnyEvent, Remembered, Started
from automem_train.turns.events import Call, Heard, events_of
from automem_train.turns.record import Position, Turn, TurnOperation
from automem_train.turns.source import HORIZON, Source


@dataclass(slots=True)
class _Followed:
    """One operation of the model, and what is known of its lines by now."""

    event: Remembered
    consulted: bool = False
    led: bool = False
    duplicate: bool = False
    lines: int = 0
    reread: int = 0
    reread_after: int | None = None

    def record(self) -> TurnOperation:
        event = self.event
        return TurnOperation(
            operation=event.operation,
            kind=event.kind,
            file=event.file,
            outcome=event.outcome,
            hits=event.hits,
            consulted=self.consulted,
            led=self.led,
            duplicate=self.duplicate,
            lines=self.lines,
            reread=self.reread,
            reread_after=self.reread_after,
        )


@dataclass(slots=True)
class _Asking:
    """One call, and the operations of its reply."""

    call: Call
    position: Position
    slots: tuple[str, ...]
    operations: list[_Followed] = field(default_factory=list[_Followed])


@dataclass(slots=True)
class _Following:
    source: Source
    book: LineBook = field(default_factory=LineBook)
    repeats: dict[str, Repeats] = field(default_factory=dict[str, Repeats])
    """Of the files that were appended to."""
    asked: list[_Asking] = field(default_factory=list[_Asking])
    unread: dict[int, _Followed] = field(default_factory=dict[int, _Followed])
    """Lines by their number that nothing has shown yet -> the operation that wrote them."""
    progressions: list[float] = field(default_factory=list[float])
    """After each action."""
    looks: list[_Followed] = field(default_factory=list[_Followed])
    """Where the current LOG has looked."""
    log_step: int = -1

    def add(self, event: AnyEvent | Heard) -> None:
        match event:
            case Heard() if event.call.error is None:
                self._ask(event.call)
                self._show_slots(event)
            case Remembered():
                self._remember(event)
            case Acted():
                self.progressions.append(event.progression)
            case Started():
                self.book.start(event)
            case _:
                pass

    def _ask(self, call: Call) -> None:
        before = self.asked[-1] if self.asked else None
        same = (
            before is not None
            and call.turn > 0
            and (before.call.step, before.call.phase) == (call.step, call.phase)
        )
        position: Position = "continue" if call.turn else "first"
        if same and before is not None and call.role == "gameplay":
            handed = before.position == "handoff" or before.call.role == "memory"
            position = "handoff" if handed else position
        slots = before.slots if same and before is not None else self._filled(call)
        self.asked.append(_Asking(call, position, slots))

    def _show_slots(self, heard: Heard) -> None:
        """What the slots of a prompt show for the first time."""
        files = self.book.files
        for slot in self.source.slots:
            if slot.file in files and files[slot.file].unseen:
                shown = self.book.first_in_slots(heard.whole(), self.source.slots)
                self._shown(shown, heard.call.step)
                return

    def _filled(self, call: Call) -> tuple[str, ...]:
        return tuple(
            [
                slot.slot
                for slot in self.source.slots
                if call.phase in slot.phases and any(not line.blank for line in self._held(slot))
            ]
        )

    def _held(self, slot: Inject) -> Sequence[Line]:
        """The lines that a slot puts into the prompt now."""
        file = self.book.files.get(slot.file)
        if file is None or slot.lines is None:
            return file.lines if file else ()
        return file.lines[-slot.lines :] if slot.operation == "tail" else file.lines[: slot.lines]

    def _remember(self, event: Remembered) -> None:
        followed = _Followed(event)
        if event.actor == "llm":
            asking = self.asked[-1] if self.asked else None
            if asking is None or (asking.call.step, asking.call.phase, asking.call.turn) != (
                event.step,
                event.phase,
                event.turn,
            ):
                raise TraceError(
                    f"{self.source.folder.path}, step {event.step}: an operation of "
                    f"{event.phase} turn {event.turn} follows another call; the trace is damaged"
                )
            asking.operations.append(followed)
        if event.outcome in ("refused", "malformed"):
            return
        if event.step != self.log_step:
            self.log_step = event.step
            self.looks.clear()
        if event.kind in WRITING_KINDS:
            self._write(event, followed)
        elif event.kind in READING_KINDS:
            if event.phase == "log":
                self.looks.append(followed)
            self._shown(self.book.first_shown(event), event.step)

    def _write(self, event: Remembered, followed: _Followed) -> None:
        if event.phase == "log":
            for look in self.looks:
                if look.event.file in (event.file, EVERY_FILE):
                    followed.consulted = look.led = True
        followed.duplicate = event.outcome == "duplicate"
        if event.edit is None:
            return
        if event.kind == "append" and event.file not in self.repeats:
            there = self.book.files.get(event.file)
            self.repeats[event.file] = Repeats([line.text for line in there.lines] if there else [])
        change = self.book.change(event, event.edit)
        said = self._repeated(event.file, change)
        followed.duplicate = followed.duplicate or (event.kind == "append" and said)
        for line in change.fresh:
            if not line.blank:
                followed.lines += 1
                self.unread[line.number] = followed

    def _repeated(self, file: str, change: Change) -> bool:
        """Whether the file said all of it already."""
        repeats = self.repeats.get(file)
        if repeats is None:
            return False
        said = repeats.add([line.text for line in change.fresh])
        repeats.remove([line.text for line in change.rewritten])
        repeats.remove([line.text for line in change.removed])
        return said

    def _shown(self, lines: Iterable[Line], step: int) -> None:
        for line in lines:
            followed = self.unread.pop(line.number, None)
            if followed is not None:
                followed.reread += 1
                if followed.reread_after is None:
                    followed.reread_after = step - followed.event.step

    def turns(self) -> Iterator[Turn]:
        for asking in self.asked:
            # A PLAN without an operation recalls nothing: where one model plays both roles, that
            # is the turn that acts.
            if asking.call.role == "memory" or asking.operations:
                yield self._turn(asking)

    def _turn(self, asking: _Asking) -> Turn:
        call, source = asking.call, self.source
        before = self._progression(call.step - 1)
        shape = "+".join((f"{call.phase}/{asking.position}", *asking.slots))
        return Turn(
            id=f"{source.name}/{call.step}/{call.phase}/{call.turn}",
            evaluation=source.evaluation,
            task=source.task,
            seed=source.seed,
            step=call.step,
            phase=call.phase,
            turn=call.turn,
            role=call.role,
            position=asking.position,
            slots=asking.slots,
            shape=shape,
            prompt_tokens=call.usage.input_tokens,
            reply_tokens=call.usage.output_tokens,
            reply=call.reply,
            cut_off=call.finish == "length",
            operations=tuple([one.record() for one in asking.operations]),
            before=before,
            gain=self._progression(call.step - 1 + HORIZON) - before,
            final=source.result.progression,
            success=source.result.success,
            rank=source.rank,
        )

    def _progression(self, step: int) -> float:
        """After the action of a step; 0 before the first."""
        if step < 0 or not self.progressions:
            return 0.0
        return self.progressions[min(step, len(self.progressions) - 1)]


def turns_of(source: Source) -> Iterator[Turn]:
    """The memory turns of one episode, in order. Raises TraceError."""
    following = _Following(source)
    for event in events_of(trace_of(source.folder)):
        following.add(event)
    yield from following.turns()
