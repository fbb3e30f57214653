"""The desk of a review: brief, tools, budget and transcript, whoever the meta-LLM is."""

from __future__ import annotations

import errno
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import anyio

from automem.errors import AutoMemError, LimitReached, RunError
from automem.files import write_text
from automem.models.cost import Price
from automem.plugins import Plugins
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    Closed,
    CloseReason,
    MetaTurn,
    Noted,
    NoteKind,
    Opened,
    ReviewBudget,
    ReviewOutcome,
    ReviewTask,
    Said,
    Spent,
    ToolAnswer,
    ToolCall,
    ToolSpec,
)
from automem.review.budget import require_review_price, spent, used_up, warning
from automem.review.form import Form
from automem.review.library import Library
from automem.review.overlay import Overlay
from automem.review.scaffolds.form import SCAFFOLD
from automem.review.tool import Tool
from automem.review.transcript import Transcript, open_transcript
from automem.review.view import open_view
from automem.review.wording import harmless, harmless_turn, known_secrets, portion
from automem.review.workplace import Workplace
from automem.review.writable import METHOD
from automem.run.layout import RunFolder
from automem.spelling import did_you_mean

FINISH = "finish"
MOST_LATE = 3
"""How often in a row `finish` may be refused before the budget counts for it too."""
_OF_THE_MACHINE = frozenset(
    {
        errno.EDQUOT,
        errno.EFBIG,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EROFS,
    }
)
"""What no change of an overlay can mend: a meta-LLM is not told, the review is interrupted."""
MOST_CHANGE = 200
"""Characters of the change as one line."""


@dataclass(slots=True)
class Desk:
    """One review as a meta-LLM's provider sees it; `open_review` makes it."""

    form: Form
    place: Workplace
    budget: ReviewBudget
    instructions: str
    brief: str
    _transcript: Transcript
    _secrets: tuple[str, ...]
    _reached: LimitReached | None = None
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def folder(self) -> Path:
        """The review's own."""
        return self.place.folder

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What may be called."""
        return tuple([tool.spec for tool in self.form.tools])

    @property
    def events(self) -> Sequence[AnyReviewEvent]:
        """The transcript so far."""
        return self._transcript.events

    @property
    def spent(self) -> Spent:
        """What the review has used, in all its sittings."""
        return spent(self.events)

    @property
    def finished(self) -> bool:
        """Whether the tool `finish` was called and accepted."""
        return any(
            isinstance(event, Answered) and event.call.name == FINISH and not event.answer.failed
            for event in self.events
        )

    @property
    def outcome(self) -> ReviewOutcome | None:
        """How it ended; None while it has not."""
        last = self.events[-1]
        if not isinstance(last, Closed):
            return None
        first = self.place.overlay.reports().get(METHOD, "").strip().partition("\n")[0]
        change = harmless(first.lstrip("# ").strip(), self._secrets)[:MOST_CHANGE]
        return ReviewOutcome(reason=last.reason, text=last.text, change=change, spent=last.spent)

    def allow(self) -> str:
        """What to tell the model of its budget now. Raises LimitReached when it is spent."""
        self._refuse_spent()
        told = warning(self.budget, self.spent, self.events)
        if told is None:
            return ""
        self._note(told[1], told[0])
        return told[1]

    def said(self, turn: MetaTurn) -> None:
        """Write a turn into the transcript, and charge it."""
        self._transcript.append(Said(at=_now(), turn=harmless_turn(turn, self._secrets)))

    def note(self, text: str) -> None:
        """Write down what the provider itself told the model."""
        self._note(text, "provider")

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Use a tool; one after another. Raises LimitReached, for `finish` after some tries.

        Raises RunError where the machine is at fault, such as a full disk: no answer then.
        """
        async with self._turn:
            if call.name != FINISH or not self._may_finish():
                self._refuse_spent()
            began = monotonic()
            text, failed = await self._answer(call)
            text = harmless(text, self._secrets)
            tool = self._tools().get(call.name)
            if tool is None or not tool.keeps_offset:
                text = portion(text)
            else:
                text = portion(text, _offset(call))
            answer = ToolAnswer(id=call.id, text=text, failed=failed)
            seconds = monotonic() - began
            kept = harmless_turn(MetaTurn(calls=(call,)), self._secrets).calls[0]
            self._transcript.append(Answered(at=_now(), call=kept, answer=answer, seconds=seconds))
            return answer

    async def _answer(self, call: ToolCall) -> tuple[str, bool]:
        """Text of the answer, and whether it is a refusal."""
        tools = self._tools()
        tool = tools.get(call.name)
        if self.finished or self.outcome is not None:
            return "the review is over; nothing more can be done", True
        if tool is None:
            near = did_you_mean(call.name, tools) or f"; there are {', '.join(tools)}"
            return f"there is no tool {call.name!r}{near}", True
        if call.malformed:
            shown = call.malformed[:MOST_CHANGE]
            return f"the arguments of {tool.name} were no JSON object: {shown}", True
        try:
            return await tool.run(self.place, tool.understood(call.arguments)), False
        except OSError as error:
            if error.errno in _OF_THE_MACHINE:
                raise RunError(
                    f"the tool {tool.name} cannot work here: {error}; mend that, and the same "
                    "command goes on with the review"
                ) from error
            return str(error).replace(f"{self.place.run.path}/", ""), True
        except (AutoMemError, RecursionError, ValueError) as error:
            return str(error).replace(f"{self.place.run.path}/", ""), True

    def _tools(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.form.tools}

    def _may_finish(self) -> bool:
        """Whether `finish` may still be tried where the budget is spent: each try takes seconds."""
        last = [event.call.name for event in self.events if isinstance(event, Answered)]
        return last[-MOST_LATE:] != [FINISH] * MOST_LATE

    def _refuse_spent(self) -> None:
        outcome = self.outcome
        said = (
            used_up(self.budget, self.spent)
            if outcome is None
            else f"the review is over: {outcome.reason}"
        )
        if said is not None:
            self._reached = LimitReached(said)
            raise self._reached

    def _note(self, text: str, kind: NoteKind) -> None:
        self._transcript.append(Noted(at=_now(), text=harmless(text, self._secrets), kind=kind))

    def close(self, reason: CloseReason, text: str = "") -> None:
        """Write the last line, unless it is there."""
        if self.outcome is None:
            self._transcript.append(
                Closed(
                    at=_now(), reason=reason, text=harmless(text, self._secrets), spent=self.spent
                )
            )

    def close_after(self, limit: LimitReached | None) -> None:
        """Close a review whose provider has come back, or met the budget's end."""
        turns = [event.turn for event in self.events if isinstance(event, Said)]
        if self.finished:
            self.close("finished")
        elif limit is not None:
            self.close("limit", str(limit))
        elif turns and turns[-1].end == "refusal":
            self.close("refused", turns[-1].text)
        else:
            self.close("gave_up", "the review ended without an accepted `finish`")

    def raised(self, limit: LimitReached) -> bool:
        """Whether this limit is the desk's own, and not one of the run around it."""
        return limit is self._reached


@asynccontextmanager
async def open_review(
    folder: Path,
    task: ReviewTask,
    budget: ReviewBudget,
    *,
    form: Form = SCAFFOLD,
    run: RunFolder,
    plugins: Plugins,
    provider: str,
    model: str,
    price: Price | None = None,
) -> AsyncGenerator[Desk]:
    """A review in `folder`, begun or gone on with; what it came to is `Desk.outcome` afterwards.

    Leaving closes it: `finished`, `refused`, or `gave_up` where the body ends, `limit` where it
    meets the end of the review's budget, which is not raised any further. After anything else
    raised it stays open, and the same call goes on with it. `price` is the model's, where the
    table does not have it; under a limit on money, not knowing it raises ConfigError. A review
    that was begun in another form raises RunError.
    """
    require_review_price(budget, provider, model, price)
    overlay = Overlay(folder / "overlay", form.files)
    view = open_view(run, task, form.sees)
    library = Library(folder, run, task, view, overlay, form.reviews, form.kept)
    place = Workplace(folder, run, plugins, task, view, overlay, library)
    await _begin(place, form)
    secrets = known_secrets()
    transcript = open_transcript(folder / "transcript.jsonl")
    if not transcript.events:
        opened = Opened(
            at=_now(),
            kind=form.kind,
            provider=provider,
            model=model,
            instructions=harmless(form.instructions(task, budget), secrets),
            brief=harmless(await form.brief(place), secrets),
            tools=tuple([tool.name for tool in form.tools]),
            budget=budget,
        )
        write_text(folder / "brief.md", opened.brief)
        transcript.append(opened)
    first = transcript.events[0]
    if not isinstance(first, Opened):
        raise RunError(f"{transcript.path} does not begin with what was asked for")
    if first.kind != form.kind:
        raise RunError(
            f"{folder} holds the review of a {first.kind}, not of a {form.kind}; move it away, "
            "and the same command begins its own"
        )
    desk = Desk(form, place, budget, first.instructions, first.brief, transcript, secrets)
    limit: LimitReached | None = None
    try:
        yield desk
    except LimitReached as reached:
        if not desk.raised(reached):
            raise
        limit = reached
    desk.close_after(limit)


async def _begin(place: Workplace, form: Form) -> None:
    """Make the overlay if it is not there; one that is there is gone on with."""
    folder = place.overlay.folder
    if folder.is_symlink() or folder.parent.is_symlink():
        raise RunError(f"{folder} is a link or stands behind one; remove the link and start again")
    if not folder.is_dir():
        await form.start(place)


def _offset(call: ToolCall) -> int:
    try:
        return max(0, int(call.arguments.get("offset") or 0))
    except (TypeError, ValueError, OverflowError):
        return 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
