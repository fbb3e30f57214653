"""Compares every example of a data set with the traces, character by character."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from automem.errors import DataError
from automem.run.layout import RunFolder
from automem_train.dataset.conversations import Conversation, conversations, read_id
from automem_train.dataset.record import Example

EXAMPLES = "examples.jsonl"
_example = msgspec.json.Decoder(Example)


def read_examples(folder: Path) -> Iterator[Example]:
    """The examples of a data set, in order. Raises DataError."""
    path = folder / EXAMPLES
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield _example.decode(line)
                except msgspec.MsgspecError as error:
                    raise DataError(f"{path}, line {number}: {error}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def prove(run: RunFolder, folder: Path) -> int:
    """How many examples there are, each verbatim: its prompt whole, its target in stretches.

    Reads the file as it is on disk, and holds one episode's examples at a time. Raises DataError
    at the first that is not what the trace says.
    """
    proven = 0
    batch: list[Example] = []
    for example in read_examples(folder):
        if batch and batch[0].episode != example.episode:
            proven += _prove_episode(run, batch)
            batch = []
        batch.append(example)
    return proven + (_prove_episode(run, batch) if batch else 0)


def _prove_episode(run: RunFolder, examples: list[Example]) -> int:
    by_id = {read_id(example.id): example for example in examples}
    if len(by_id) != len(examples):
        raise DataError(f"{examples[0].episode}: a turn is an example twice")
    for turn, conversation in conversations(run, [example.id for example in examples]):
        example = by_id[turn]
        if turn != (
            example.evaluation,
            example.task,
            example.seed,
            example.step,
            example.phase,
            example.turn,
        ):
            raise DataError(f"{example.id}: its fields name another turn")
        problem = _problem(example, conversation)
        if problem:
            raise DataError(
                f"{example.id}: {problem}; the data set or the trace was changed, make it anew"
            )
    return len(examples)


def _problem(example: Example, conversation: Conversation) -> str:
    if example.messages[:-1] != conversation.messages:
        return "its prompt is not the one in the trace"
    reply = conversation.asked.reply
    at = 0
    for start, end in example.spans:
        if not at <= start < end <= len(reply):
            return "its stretches do not lie in the reply in order"
        at = end
    last = example.messages[-1]
    if last.role != "assistant" or last.content != "".join(
        [reply[start:end] for start, end in example.spans]
    ):
        return "its target is not made of the reply in the trace"
    return ""
