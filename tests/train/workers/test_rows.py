"""Which tokens of a conversation are learned."""

from __future__ import annotations

from typing import get_args

import pytest

from automem.errors import TrainerError
from automem.records.model import Message
from automem.records.training import TrainOn
from automem_train.workers.rows import IGNORED, Row, Rows, TokenizerCodec, rows_of

from .codecs import THOUGHT, Contrary, Letters

TALK = (
    Message(role="system", content="s"),
    Message(role="user", content="first"),
    Message(role="assistant", content="one"),
    Message(role="user", content="second"),
    Message(role="assistant", content="two"),
)
PLENTY = 1000


def made(
    codec: Letters,
    train_on: TrainOn = "last",
    cutoff: int = PLENTY,
    talk: tuple[Message, ...] = TALK,
) -> Rows:
    return rows_of([talk], codec, train_on, cutoff)


def text(row: Row) -> str:
    return "".join(map(chr, row.tokens))


def learned(row: Row) -> str:
    """What is learned, with a dot for each stretch that is not."""
    shown = "".join("\0" if label == IGNORED else chr(label) for label in row.labels)
    return ".".join(part for part in shown.split("\0") if part)


def test_the_last_reply_is_learned_to_the_newline_behind_its_end() -> None:
    (row,) = made(Letters()).rows
    assert text(row) == Letters().render(TALK, answering=False)
    assert learned(row) == "two|\n"
    assert row.learned == len("two|\n")
    assert not row.truncated


def test_every_reply_is_learned_where_all_are_wanted() -> None:
    (row,) = made(Letters(), "all").rows
    assert learned(row) == "one|\n.two|\n"


def test_labels_stand_at_the_tokens_they_are() -> None:
    for train_on in get_args(TrainOn):
        (row,) = made(Letters(), train_on).rows
        pairs = zip(row.tokens, row.labels, strict=True)
        assert all(label in (IGNORED, token) for token, label in pairs)


def test_what_the_template_puts_before_a_reply_is_learned_with_it() -> None:
    (row,) = made(Letters(thinks=True)).rows
    assert learned(row) == f"{THOUGHT}two|\n"


def test_earlier_replies_that_the_template_writes_otherwise_are_learned_as_they_stand() -> None:
    (row,) = made(Letters(thinks=True), "all").rows
    assert learned(row) == f"one|\n.{THOUGHT}two|\n"


def test_a_tokenizer_that_puts_a_space_before_each_text_puts_one_before_the_whole() -> None:
    (row,) = made(Letters(space_first=True), "all").rows
    (plain,) = made(Letters(), "all").rows
    assert text(row) == " " + text(plain)
    assert learned(row) == learned(plain)


def test_of_a_long_conversation_the_end_is_kept_and_it_is_counted() -> None:
    rows = made(Letters(), "all", cutoff=20)
    (row,) = rows.rows
    assert text(row) == "nd|\n<assistant>two|\n"
    assert learned(row) == "two|\n"
    assert row.truncated
    assert (rows.truncated, rows.dropped, rows.tokens, rows.learned) == (1, 0, len(row.tokens), 5)


def test_a_conversation_of_just_the_cutoff_is_not_truncated() -> None:
    (whole,) = made(Letters()).rows
    assert made(Letters(), cutoff=len(whole.tokens)).truncated == 0
    assert made(Letters(), cutoff=len(whole.tokens) - 1).truncated == 1


def test_an_example_with_nothing_left_to_learn_is_dropped_and_counted() -> None:
    short = (TALK[1], Message(role="assistant", content="."))
    # Of a row of one token nothing is learned: it is predicted from nothing.
    with pytest.raises(TrainerError, match=r"none of the 2 examples.*raise cutoff") as raised:
        rows_of([short, TALK], Letters(), "last", 1)
    assert raised.value.settings_failed


def test_the_first_token_of_a_row_is_not_counted_as_learned() -> None:
    (row,) = made(Letters(), cutoff=4).rows
    assert text(row) == "wo|\n"
    assert row.learned == 3


def test_a_template_that_asks_otherwise_than_it_writes_is_refused_with_what_to_do() -> None:
    with pytest.raises(TrainerError, match=r"example 1: the chat template.*generation prompt"):
        made(Contrary())


def test_a_conversation_that_does_not_end_in_a_reply_is_refused() -> None:
    with pytest.raises(TrainerError, match="example 1: a conversation has to end in a reply"):
        made(Letters(), talk=TALK[:-1])
    with pytest.raises(TrainerError, match="has to end in a reply"):
        made(Letters(), talk=())


class Tokenizer:
    """As much of transformers' tokenizers as is looked at before one is used."""

    is_fast = True
    chat_template = "{{ messages }}"

    def apply_chat_template(self, said: object, **_: object) -> str:
        raise ValueError("roles must alternate")


def test_what_a_tokenizer_lacks_is_said_with_what_to_do() -> None:
    with pytest.raises(TrainerError, match=r"org/base has no tokenizer\.json"):
        TokenizerCodec.of(object(), "org/base")
    bare = Tokenizer()
    bare.chat_template = ""
    with pytest.raises(TrainerError, match=r"org/base has no chat template; put chat_template"):
        TokenizerCodec.of(bare, "org/base")


def test_what_a_template_raises_is_told() -> None:
    codec = TokenizerCodec.of(Tokenizer(), "org/base")
    with pytest.raises(TrainerError, match="refused it: roles must alternate"):
        codec.render(TALK, answering=False)
