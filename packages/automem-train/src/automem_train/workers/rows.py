"""From conversations to rows of tokens, of which some are learned.

The base model's own chat template says what is learned of a reply: all that it puts between the
words that begin a reply and the beginning of the next message, the mark of the end and a newline
behind it included. Where a reply begins, a token begins, as it does when the model answers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from automem.errors import TrainerError
from automem.records.model import Message
from automem.records.training import TrainOn

IGNORED: Final = -100
"""The label of a token that is not learned."""


class Codec(Protocol):
    """Between text and tokens, without tokens that are added by themselves."""

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""
        ...

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        """Each token, with where its characters begin and end."""
        ...

    def decode(self, tokens: list[int]) -> str:
        """Their text, special tokens included."""
        ...

    def render(self, messages: Sequence[Message], *, answering: bool) -> str:
        """The chat template's text; `answering` ends it with how a reply begins."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One example as it is trained on."""

    tokens: array[int]
    labels: array[int]
    """Of each token: itself where it is learned, else `IGNORED`."""
    learned: int
    """How many are; not the first one, which is predicted from nothing."""
    truncated: bool


@dataclass(slots=True)
class Rows:
    """All examples as rows, and what became of them."""

    rows: list[Row] = field(default_factory=list[Row])
    truncated: int = 0
    dropped: int = 0

    @property
    def tokens(self) -> int:
        """Of all rows."""
        return sum(len(row.tokens) for row in self.rows)

    @property
    def learned(self) -> int:
        """Tokens that are learned."""
        return sum(row.learned for row in self.rows)


def rows_of(
    conversations: Iterable[Sequence[Message]], codec: Codec, train_on: TrainOn, cutoff: int
) -> Rows:
    """Every conversation as a row, in order, without those that have nothing left to learn.

    Of a conversation longer than `cutoff` tokens the end is kept. Raises TrainerError.
    """
    made = Rows()
    in_pieces = _in_pieces(codec)
    for number, messages in enumerate(conversations, 1):
        try:
            row = _row(messages, codec, train_on, cutoff, in_pieces=in_pieces)
        except TrainerError as error:
            raise TrainerError(f"example {number}: {error}") from error
        made.truncated += row.truncated
        if row.learned:
            made.rows.append(row)
        else:
            made.dropped += 1
    if not made.rows:
        raise TrainerError(
            f"none of the {made.dropped} examples has anything left to learn at a cutoff of "
            f"{cutoff} tokens; raise cutoff",
            settings_failed=True,
        )
    return made


def _row(
    messages: Sequence[Message], codec: Codec, train_on: TrainOn, cutoff: int, *, in_pieces: bool
) -> Row:
    text = codec.render(messages, answering=False)
    spans = learned_spans(messages, codec, train_on, text)
    tokens, labels = (_pieces if in_pieces else _whole)(text, spans, codec)
    kept = array("i", labels[-cutoff:])
    return Row(
        tokens=array("i", tokens[-cutoff:]),
        labels=kept,
        learned=sum(label != IGNORED for label in kept[1:]),
        truncated=len(tokens) > cutoff,
    )


def learned_spans(
    messages: Sequence[Message], codec: Codec, train_on: TrainOn, text: str
) -> list[tuple[int, int]]:
    """Where in `text`, the whole conversation, the replies that are learned begin and end."""
    last = len(messages) - 1
    if last < 0 or messages[last].role != "assistant":
        raise TrainerError("a conversation has to end in a reply of the assistant")
    learned = [
        number
        for number, message in enumerate(messages)
        if number == last or (train_on == "all" and message.role == "assistant")
    ]
    return [_span(messages, number, codec, text) for number in learned]


def _span(messages: Sequence[Message], number: int, codec: Codec, text: str) -> tuple[int, int]:
    before = codec.render(messages[:number], answering=True)
    after = codec.render(messages[: number + 1], answering=False)
    if text.startswith(before):
        if text.startswith(after) and len(after) > len(before):
            return len(before), len(after)
        # Some templates write a reply otherwise once it is not the last: without its thoughts.
        reply, found, closing = after.rpartition(messages[number].content)
        whole = messages[number].content + closing
        if reply and found and text.startswith(whole, len(before)):
            return len(before), len(before) + len(whole)
    raise TrainerError(
        f"the chat template of the base writes message {number + 1} otherwise when a reply is "
        "asked for than when it has been given, so what is learned cannot be told; "
        + (
            'set train_on = "last"'
            if number < len(messages) - 1
            else "give the base a template whose replies follow its generation prompt"
        )
    )


def _in_pieces(codec: Codec) -> bool:
    """Whether texts can be encoded apart; some tokenizers put a space before each."""
    return codec.decode([*codec.encode("a\n"), *codec.encode("a")]) == "a\na"


def _pieces(text: str, spans: list[tuple[int, int]], codec: Codec) -> tuple[list[int], list[int]]:
    tokens: list[int] = []
    labels: list[int] = []
    at = 0
    for begin, end in spans:
        before, learned = codec.encode(text[at:begin]), codec.encode(text[begin:end])
        tokens += before + learned
        labels += [IGNORED] * len(before) + learned
        at = end
    rest = codec.encode(text[at:])
    return tokens + rest, labels + [IGNORED] * len(rest)


def _whole(text: str, spans: list[tuple[int, int]], codec: Codec) -> tuple[list[int], list[int]]:
    found = codec.spans(text)
    tokens = [token for token, _, _ in found]
    labels = [IGNORED] * len(tokens)
    for number, (token, start, stop) in enumerate(found):
        if any(begin <= start and stop <= end for begin, end in spans):
            labels[number] = token
    return tokens, labels


@dataclass(frozen=True, slots=True)
class TokenizerCodec:
    """A fast tokenizer of transformers with a chat template."""

    tokenizer: Any

    @classmethod
    def of(cls, tokenizer: Any, base: str) -> TokenizerCodec:
        """Raises TrainerError for one that cannot be used, saying what is missing."""
        if not getattr(tokenizer, "is_fast", False):
            raise TrainerError(
                f"{base} has no tokenizer.json; save its tokenizer as a fast one, or name a base "
                "that has one"
            )
        if not tokenizer.chat_template:
            raise TrainerError(
                f"{base} has no chat template; put chat_template.jinja beside its tokenizer, or "
                "name the instruct version of the model"
            )
        return cls(tokenizer)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""
        return self.tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        """Each token, with where its characters begin and end."""
        found = self.tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
        return [(token, *span) for token, span in zip(found.ids, found.offsets, strict=True)]

    def decode(self, tokens: list[int]) -> str:
        """Their text, special tokens included."""
        return self.tokenizer.backend_tokenizer.decode(tokens, skip_special_tokens=False)

    def render(self, messages: Sequence[Message], *, answering: bool) -> str:
        """The chat template's text; `answering` ends it with how a reply begins."""
        said = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return self.tokenizer.apply_chat_template(
                said, tokenize=False, add_generation_prompt=answering
            )
        except Exception as error:
            # The template is the model's code: what it raises is meant for who wrote the messages.
            said = str(error) or type(error).__name__
            raise TrainerError(f"the chat template of the base refused it: {said}") from error
