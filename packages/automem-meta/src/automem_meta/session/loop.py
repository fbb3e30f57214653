"""Turns, tool calls and nudges, until the review is finished or there is no going on.

Every decision is taken from the transcript alone; so going on after an interruption is nothing
but entering the loop again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from automem.errors import ConfigError, MetaError
from automem.models.cost import Price, cost
from automem.protocols import ReviewDesk
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    MetaTurn,
    Noted,
    ReviewBudget,
    Said,
    ToolCall,
)
from automem_meta.session.chat import Chat, ContextTooLong
from automem_meta.session.conversation import (
    conversation_of,
    more_to_shorten,
    shortened_answers,
)
from automem_meta.session.texts import filled, text
from automem_meta.session.tries import Patience, try_turn

MOST_NUDGES = 3
"""Turns without a tool call, one after the other, that are answered by asking to go on."""


@dataclass(slots=True)
class ChatProvider:
    """A meta-LLM that is reached through a chat API."""

    chat: Chat
    price: Price | None = None
    patience: Patience = field(default_factory=Patience)

    async def review(self, desk: ReviewDesk) -> None:
        """Work at the desk until it is finished, the model gives up, or the budget is spent.

        A refusal, and more turns without a tool call than are answered, end it too: the
        transcript then says so by its last turn.
        """
        require_price(self.chat.name, self.price, desk.budget)
        await answer_open_calls(desk)
        while not desk.finished and may_go_on(desk):
            desk.allow()
            turn = await self._turn(desk)
            desk.said(turn)
            await answer_open_calls(desk)

    async def aclose(self) -> None:
        """Release connections; may be called twice."""
        await self.chat.aclose()

    async def _turn(self, desk: ReviewDesk) -> MetaTurn:
        """The next turn; the oldest answers are shortened for as long as it takes to fit."""
        most = desk.budget.seconds
        left = math.inf if most is None else most - seconds_spent(desk.events)
        while True:
            conversation = conversation_of(desk)
            try:
                turn = await try_turn(
                    lambda now=conversation: self.chat.turn(now),
                    self.chat.name,
                    self.patience,
                    left,
                )
            except ContextTooLong as error:
                count = more_to_shorten(conversation, shortened_answers(desk.events))
                if count is None:
                    raise MetaError(
                        f"the review does not fit into the context of {self.chat.name}, even "
                        f"with every tool answer shortened ({error}); use a model with a longer "
                        "context, or lower max_tokens"
                    ) from error
                desk.note(filled("shortened", count))
            else:
                return priced(turn, self.price)


async def answer_open_calls(desk: ReviewDesk) -> None:
    """Use the tools that the last turn asked for and that have not answered yet, in order."""
    for call in open_calls(desk.events):
        if desk.finished:
            return
        await desk.call(call)


def open_calls(events: Sequence[AnyReviewEvent]) -> list[ToolCall]:
    """Calls of the last turn without an answer."""
    calls: list[ToolCall] = []
    for event in events:
        if isinstance(event, Said):
            calls = list(event.turn.calls)
        elif isinstance(event, Answered):
            position = next((at for at, call in enumerate(calls) if call.id == event.call.id), None)
            if position is not None:
                del calls[position]
    return calls


def may_go_on(desk: ReviewDesk) -> bool:
    """Whether a further turn is asked for; says to the model what is wrong with its last one."""
    last, idle = last_turn(desk.events), idle_turns(desk.events)
    if last is None:
        return True
    if last.end == "refusal" or idle > MOST_NUDGES:
        return False
    if last.end == "length":
        note_once(desk, text("cut_off"))
    elif not last.calls:
        note_once(desk, text("nudge"))
    return True


def note_once(desk: ReviewDesk, said: str) -> None:
    """Tell it, unless it was told since the last turn: before an interruption."""
    for event in reversed(desk.events):
        if isinstance(event, Said):
            break
        if isinstance(event, Noted) and event.text == said:
            return
    desk.note(said)


def notes_since_last_turn(events: Sequence[AnyReviewEvent]) -> str:
    """What the host has said since the meta-LLM spoke."""
    notes: list[str] = []
    for event in events:
        if isinstance(event, Said):
            notes = []
        elif isinstance(event, Noted):
            notes.append(event.text)
    return "\n\n".join(notes)


def last_turn(events: Sequence[AnyReviewEvent]) -> MetaTurn | None:
    """What the meta-LLM said last."""
    return next((event.turn for event in reversed(events) if isinstance(event, Said)), None)


def idle_turns(events: Sequence[AnyReviewEvent]) -> int:
    """Turns without a tool call, one after the other, at the end."""
    count = 0
    for event in reversed(events):
        if isinstance(event, Said):
            if event.turn.calls:
                break
            count += 1
    return count


def seconds_spent(events: Sequence[AnyReviewEvent]) -> float:
    """Seconds of turns and tools so far; waits in between are free."""
    turns = [event.turn for event in events if isinstance(event, Said)]
    tools = [event.seconds for event in events if isinstance(event, Answered)]
    return sum(turn.seconds for turn in turns) + sum(tools)


def priced(turn: MetaTurn, price: Price | None) -> MetaTurn:
    """The turn with its cost, where the price is known."""
    if price is None:
        return turn
    dollars = cost(turn.usage, price, turn.cache_written_tokens)
    return msgspec.structs.replace(turn, cost=dollars)


def require_price(name: str, price: Price | None, budget: ReviewBudget) -> None:
    """Refuse to start under a limit on money that could not be watched. Raises ConfigError."""
    if price is None and budget.cost is not None:
        raise ConfigError(
            f"the review may cost at most ${budget.cost:g}, but the price of {name} is not known; "
            "set the provider's option `price = [input, cached input, output]` in US dollars per "
            "million tokens ([0, 0, 0] for an engine of your own), or remove the limit"
        )
