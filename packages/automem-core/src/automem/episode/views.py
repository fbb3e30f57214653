"""What a trace shows: steps, turns, conversations. Nothing here is stored; all of it is derived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from automem.records.model import Message
from automem.records.scaffold import Phase
from automem.records.trace import (
    Acted,
    AnyEvent,
    Asked,
    Ended,
    Observed,
    Remembered,
    Started,
    Warned,
)


@dataclass(slots=True)
class StepView:
    """One step: observation, LOG of the action before it, PLAN, action."""

    number: int
    observed: Observed | None = None
    asked: list[Asked] = field(default_factory=list[Asked])
    """Answered calls, in order."""
    failed: list[Asked] = field(default_factory=list[Asked])
    """Calls that failed for good; each was asked again later, or ended the play."""
    remembered: list[Remembered] = field(default_factory=list[Remembered])
    acted: Acted | None = None
    """None at the last step."""
    warned: list[Warned] = field(default_factory=list[Warned])

    def add(self, event: AnyEvent) -> None:
        """Take one event of this step."""
        match event:
            case Observed():
                self.observed = event
            case Asked():
                (self.failed if event.error else self.asked).append(event)
            case Remembered():
                self.remembered.append(event)
            case Acted():
                self.acted = event
            case Warned():
                self.warned.append(event)
            case Started() | Ended():
                pass

    def turns(self, phase: Phase) -> list[Asked]:
        """The calls of one phase."""
        return [asked for asked in self.asked if asked.phase == phase]

    def operations(self, asked: Asked) -> list[Remembered]:
        """What the reply of one call did to the memory."""
        return [
            operation
            for operation in self.remembered
            if (operation.phase, operation.turn) == (asked.phase, asked.turn)
        ]

    def of_code(self) -> list[Remembered]:
        """What the scaffold's code did to the memory."""
        return [operation for operation in self.remembered if operation.actor == "code"]

    def conversation(self, phase: Phase) -> list[Message]:
        """The whole exchange of one phase, replies included."""
        messages: list[Message] = []
        for asked in self.turns(phase):
            messages.extend(asked.messages)
            messages.append(Message(role="assistant", content=asked.reply))
        return messages


def steps_of(events: Iterable[AnyEvent]) -> Iterator[StepView]:
    """The steps of a stream of events, in order."""
    step: StepView | None = None
    for event in events:
        if step is None or event.step != step.number:
            if step is not None:
                yield step
            step = StepView(number=event.step)
        step.add(event)
    if step is not None:
        yield step
