"""`manual`: a person, or any coding agent, does the review with files; this waits for the end.

It writes down what is to be done beside the brief, and looks for a file `done`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import anyio
import structlog
from msgspec import Meta

from automem.cli.output import command_line
from automem.files import write_text
from automem.models.cost import FREE, Price
from automem.protocols import ReviewDesk
from automem.records._struct import Record
from automem.records.review import Noted, ToolCall

DONE = "done"
GIVE_UP = "give-up"
PROBLEMS = "problems.md"

log = structlog.get_logger()


class ManualOptions(Record):
    """`[evolve.options]` of `manual`."""

    poll_seconds: Annotated[float, Meta(gt=0.0, le=3600.0)] = 1.0
    """How often it is looked whether the review is done."""


@dataclass(slots=True)
class ManualProvider:
    """Waits while somebody else edits the overlay. Interrupted, the same command waits on."""

    pause: Callable[[], Awaitable[None]]
    """Awaited between two looks."""
    price: Price = FREE

    async def review(self, desk: ReviewDesk) -> None:
        """Return once `finish` was accepted, or a file `give-up` is there."""
        if desk.finished:
            return
        folder = desk.folder.resolve()
        write_text(folder / "instructions.md", desk.instructions)
        write_text(folder / "what-to-do.md", _what_to_do(folder))
        told = f"Waiting for a review by hand: {folder / 'what-to-do.md'} says what to do."
        if not any(isinstance(event, Noted) and event.text == told for event in desk.events):
            desk.note(told)
        log.info("review_waits", folder=str(folder))
        while not (folder / GIVE_UP).exists():
            if (folder / DONE).exists() and await self._finished(desk, folder):
                return
            await self.pause()

    async def aclose(self) -> None:
        """Nothing is held."""

    async def _finished(self, desk: ReviewDesk, folder: Path) -> bool:
        """Whether the review is accepted; what is missing is written down otherwise."""
        number = len(desk.events)
        answer = await desk.call(ToolCall(id=f"manual-{number}", name="finish"))
        if not answer.failed:
            (folder / PROBLEMS).unlink(missing_ok=True)
            return True
        again = f"{answer.text}\n\nMend it, and make the file `{DONE}` again.\n"
        write_text(folder / PROBLEMS, again)
        (folder / DONE).unlink(missing_ok=True)
        desk.note(f"Not accepted yet: {folder / PROBLEMS} says what is missing.")
        log.warning("review_not_accepted", problems=str(folder / PROBLEMS), said=answer.text)
        return False


def make_provider(model: str | None, options: ManualOptions | None) -> ManualProvider:
    """The provider; whoever does the review is the model."""
    del model
    seconds = (options or ManualOptions()).poll_seconds

    async def pause() -> None:
        await anyio.sleep(seconds)

    return ManualProvider(pause)


def _what_to_do(folder: Path) -> str:
    text = files("automem_meta.providers").joinpath("manual.md").read_text(encoding="utf-8")
    run = folder.parent.parent
    names = {"FOLDER": str(folder), "RUN": str(run), "AUTOMEM": command_line()}
    return re.sub(r"\b(FOLDER|RUN|AUTOMEM)\b", lambda found: names[found[0]], text)
