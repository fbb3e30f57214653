"""`turn`: one turn whole: what was asked and said, what would be learned, what came after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from anyio import to_thread
from msgspec import Meta

from automem.records._struct import Record
from automem.records.trace import Remembered
from automem.review.refusal import ToolRefusal
from automem.review.stepping import short_steps
from automem.review.tool import Offset, Tool
from automem.review.view import ShownEpisode
from automem.review.workplace import Workplace
from automem_train.clean.cleaning import clean
from automem_train.clean.draft import draft_of
from automem_train.dataset.conversations import Conversation, TurnId, conversations, read_id
from automem_train.dataset.words import Words
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.telling import operation_text
from automem_train.turns.record import Turn
from automem_train.turns.table import TurnTable


class TurnArguments(Record):
    """Arguments of `turn`."""

    id: Annotated[str, Meta(description="Id of the turn, as the tool `turns` gives it.")]
    after: Annotated[
        int, Meta(ge=0, le=50, description="How many of the steps after it are told in short.")
    ] = 3
    system: Annotated[bool, Meta(description="Show the instructions (system prompt) too.")] = False
    offset: Offset = 0


def turn_tool(bench: Bench) -> Tool:
    """The tool of one review."""

    async def show(place: Workplace, arguments: TurnArguments) -> str:
        identity = read_id(arguments.id.strip())
        episode = bench.episode(place, identity)
        table = await bench.table(place)
        turn = await to_thread.run_sync(_found, table, "/".join(map(str, identity)))
        words = bench.words(place, table)
        return await to_thread.run_sync(
            lambda: "\n".join(_whole(place, turn, identity, episode, words, arguments))
        )

    return Tool(
        "turn",
        "One memory turn whole: its place in the game, the conversation that it answers, the reply "
        "verbatim, what its operations brought, what would be learned of it after cleaning, and "
        "what came after.",
        TurnArguments,
        show,
    )


def _found(table: TurnTable, text: str) -> Turn:
    """The turn of an id. Raises ToolRefusal."""
    for turn in table.turns():
        if turn.id == text:
            return turn
    raise ToolRefusal(f"{text} is no memory turn; the tool `turns` gives ids")


def _whole(
    place: Workplace,
    turn: Turn,
    identity: TurnId,
    episode: ShownEpisode,
    words: Words,
    arguments: TurnArguments,
) -> Iterator[str]:
    _, told = next(conversations(place.run, [turn.id]))
    reader = place.view.reader(episode)
    step = reader.step(turn.step)
    yield f"# {turn.id}: episode {episode.name}, step {turn.step}"
    yield (
        f"{turn.shape}, asked of the {turn.role} role, {turn.prompt_tokens} prompt tokens, "
        f"{turn.reply_tokens} in the reply{', cut off' if turn.cut_off else ''}; stratum "
        f"{turn.stratum}"
    )
    yield (
        f"progression {100 * turn.before:.1f} % then, {100 * turn.gain:+.1f} points within 50 "
        f"actions, {100 * turn.final:.1f} % at the end; rank of the episode {turn.rank:.2f}"
    )
    yield from _conversation(told, arguments)
    yield from ("", "## Reply", turn.reply or "(empty)", "", "## What its operations brought")
    results = [one for one in step.operations(told.asked) if one.actor == "llm"]
    for one, result in zip(turn.operations, results, strict=True):
        yield f"- {operation_text(one)}"
        yield f"  {_result(result)}"
    if not turn.operations:
        yield "It has none."
    yield from ("", "## What would be learned of it")
    yield from _learned(told, identity, words)
    yield from ("", "## What came after", *_after(place, episode, turn.step, arguments.after))


def _conversation(told: Conversation, arguments: TurnArguments) -> Iterator[str]:
    for message in told.messages:
        if message.role == "system" and not arguments.system:
            yield from ("", "## Instructions: as in every conversation (system=true shows them)")
            continue
        title = {"system": "Instructions", "user": "Prompt", "assistant": "Earlier reply"}
        yield from ("", f"## {title[message.role]}", message.content)


def _result(event: Remembered) -> str:
    said = "|".join(event.arguments)
    return f"{said} -> {event.result}"


def _learned(told: Conversation, identity: TurnId, words: Words) -> Iterator[str]:
    asked = told.asked
    draft = draft_of(identity.phase, asked.reply, cut_off=asked.finish == "length")
    cleaned = clean(draft, told.messages, words.of(identity))
    if cleaned.dropped or cleaned.failed:
        yield f"Nothing: {cleaned.dropped or cleaned.failed} refuses it."
        return
    if not cleaned.rules:
        yield "The reply as it is."
        return
    yield f"Cut by {', '.join(cleaned.rules)}:"
    yield cleaned.draft.text


def _after(place: Workplace, episode: ShownEpisode, number: int, after: int) -> Iterator[str]:
    """How the step ended, and the steps after it."""
    reader = place.view.reader(episode)
    last = min(number + after, reader.count - 1)
    yield from short_steps(reader.between(number, last))
