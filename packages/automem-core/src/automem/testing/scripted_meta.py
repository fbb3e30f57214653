"""A meta-LLM whose reviews are written down beforehand, as a plugin, for tests of whole loops.

It asks nobody, but counts as one that is paid for each turn: what it charges for is a line in a
file, so that a test can tell whether anything was paid twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

import anyio
import msgspec
from msgspec import Meta

from automem.hooks import hookimpl
from automem.models.cost import Price
from automem.protocols import ReviewDesk
from automem.records._struct import Record
from automem.records.model import Usage
from automem.records.review import Answered, AnyReviewEvent, MetaTurn, Opened, Said, ToolCall
from automem.spec import Spec
from automem.testing.meta_script import ScriptedTurn

PRICE = Price(input=1.0, cached_input=0.1, output=5.0)
USAGE = Usage(input_tokens=1000, output_tokens=200)
"""Of every turn."""
COST = 0.002


class ScriptedReview(Record):
    """What is done in one review; when the turns are over it gives up, unless it is finished."""

    turns: tuple[ScriptedTurn, ...] = ()


class ScriptedMetaOptions(Record):
    """Options of the meta-LLM provider `scripted-meta`."""

    script: str
    """A JSON file with a list of reviews, in the order in which they are held."""
    calls: str
    """The file that gets a line for each turn, `REVIEW TURN`, when it is asked for."""
    delay_seconds: Annotated[float, Meta(ge=0.0)] = 0.0
    """How long a turn takes."""


@dataclass(slots=True)
class ScriptedMeta:
    """Works through the script of a review, going on where its transcript ends."""

    model: str | None
    options: ScriptedMetaOptions
    price: Price = PRICE
    is_closed: bool = field(default=False, init=False)

    async def review(self, desk: ReviewDesk) -> None:
        """Make the turns that are not in the transcript yet."""
        number = self._number(desk.events)
        script = read_script(Path(self.options.script))
        turns = script[number].turns if number < len(script) else ()
        await _answer_open(desk)
        for position in range(sum(isinstance(e, Said) for e in desk.events), len(turns)):
            desk.allow()
            self._note(f"{number} {position}")
            await anyio.sleep(self.options.delay_seconds)
            desk.said(_turn(turns[position], position, self.model or "scripted"))
            await _answer_open(desk)
            if desk.finished:
                return

    async def aclose(self) -> None:
        """Remember having been closed."""
        self.is_closed = True

    def _number(self, events: Sequence[AnyReviewEvent]) -> int:
        """Which review this is; the same one when it is gone on with."""
        opened = next(event for event in events if isinstance(event, Opened))
        name = hashlib.sha256(opened.brief.encode()).hexdigest()[:16]
        begun = [line.split()[1] for line in self._noted() if line.startswith("begin ")]
        if name not in begun:
            self._note(f"begin {name}")
            begun.append(name)
        return begun.index(name)

    def _noted(self) -> list[str]:
        path = Path(self.options.calls)
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def _note(self, line: str) -> None:
        with Path(self.options.calls).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def read_script(path: Path) -> tuple[ScriptedReview, ...]:
    """The reviews of a script."""
    return msgspec.json.decode(path.read_bytes(), type=tuple[ScriptedReview, ...])


async def _answer_open(desk: ReviewDesk) -> None:
    """Use the tools that were called for and have no answer yet."""
    last = max((n for n, e in enumerate(desk.events) if isinstance(e, Said)), default=None)
    if last is None:
        return
    said = desk.events[last]
    answered = {e.call.id for e in desk.events[last:] if isinstance(e, Answered)}
    for call in said.turn.calls if isinstance(said, Said) else ():
        if call.id not in answered and not desk.finished:
            await desk.call(call)


def _turn(turn: ScriptedTurn, position: int, model: str) -> MetaTurn:
    return MetaTurn(
        text=turn.text,
        calls=tuple(
            [
                ToolCall(
                    id=f"{position}-{number}",
                    name=call.name,
                    arguments=call.arguments,
                    malformed=call.malformed,
                )
                for number, call in enumerate(turn.calls)
            ]
        ),
        end=turn.ending,
        usage=USAGE,
        cost=COST,
        model=model,
        seconds=0.5,
    )


@hookimpl
def automem_meta_providers() -> Iterable[Spec]:
    """The scripted meta-LLM."""
    return [
        Spec(
            name="scripted-meta",
            make="automem.testing.scripted_meta:ScriptedMeta",
            summary="Reviews that are written down beforehand, for tests.",
            config="automem.testing.scripted_meta:ScriptedMetaOptions",
        )
    ]


def scripted_meta_entry_point() -> EntryPoint:
    """What `automem.plugins.load_plugins(entry_points=...)` takes."""
    return EntryPoint(name="scripted", value="automem.testing.scripted_meta", group="automem")
