"""Text to operations and back, in the order written, as weak models write them.

`<|NAME|>argument|argument<|END|>` is the form that prompts teach. Also read: another case, spaces
around the name, missing bars (`<NAME>`), `<|END|}`, `</NAME>`, code fences, and a missing `<|END|>`
where it is plain what was meant. Markers are found in one pass over the text, so that the time
stays linear whatever is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from automem.memory.usage import END, split_arguments, usage
from automem.records._struct import Record
from automem.records.memory import WRITING_KINDS, Kind, Operation
from automem.records.scaffold import OperationRule
from automem.spelling import closest

Ending = Literal["done", "action", "handoff"]

_MARKER = re.compile(r"<(\|?)[ \t]{0,3}+(/?)([A-Za-z][A-Za-z0-9_]{0,63}+)[ \t]{0,3}+(\|?)([>}])")
_PART_OF_END = re.compile(r"<\|?(?:E(?:N(?:D\|?)?)?)?\Z", re.IGNORECASE)
_FENCE = re.compile(r"(?:\A|\n)[ \t]{0,3}```[^\n]{0,20}\Z")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_ENDINGS: Mapping[str, Ending] = {"DONE": "done", "ACTION": "action", "HANDOFF": "handoff"}
_TEMPLATE_TOKENS = frozenset(
    {
        "ASSISTANT",
        "BEGIN_OF_TEXT",
        "END_HEADER_ID",
        "END_OF_TEXT",
        "ENDOFTEXT",
        "EOM_ID",
        "EOT_ID",
        "IM_END",
        "IM_START",
        "START_HEADER_ID",
        "SYSTEM",
        "USER",
    }
)
"""What engines let slip out of their chat templates; the reply goes no further."""
MOST_BROKEN = 10
_RANK: Mapping[Kind, int] = {
    "read": 0,
    "search": 0,
    "tail": 0,
    "count": 0,
    "append": 1,
    "upsert": 1,
    "write": 2,
    "create": 3,
}


class Reply(Record):
    """What a model's text asks for."""

    operations: tuple[Operation, ...]
    """In the order written."""
    ending: Ending | None
    """The first one; what follows it is dropped."""
    action: str | None
    """What was committed, verbatim; only where `ending` is `action`."""
    broken: tuple[str, ...]
    """A sentence for each thing that looks like an operation and cannot be read."""


class Place(Record):
    """Where in a reply one operation, or its ending, stands."""

    name: str
    """The operation's; `DONE`, `ACTION` or `HANDOFF` for the ending."""
    start: int
    end: int
    """Exclusive; behind what closes it."""
    ending: bool = False


@dataclass(slots=True)
class _Marker:
    """One `<|NAME|>` in the text."""

    start: int
    end: int
    name: str
    closes: bool
    """`<|END|>` or `</NAME>`."""
    barred: bool
    """Written with at least one bar; without, it may be anything, such as HTML."""
    begins_line: bool


@dataclass(slots=True)
class _Reader:
    """Goes through the markers of one text; `opened` is the operation that is not closed yet."""

    text: str
    vocabulary: Mapping[str, OperationRule]
    names: dict[str, str]
    cut_off: bool
    operations: list[Operation] = field(default_factory=list[Operation])
    broken: list[str] = field(default_factory=list[str])
    places: list[Place] = field(default_factory=list[Place])
    ending: Ending | None = None
    action: str | None = None
    opened: _Marker | None = None

    def read(self) -> None:
        """Take every marker in turn, until an ending."""
        for found in _MARKER.finditer(self.text):
            marker = self._marker(found)
            if marker is not None:
                self._take(marker)
                if self.ending is not None:
                    return
        if self.opened is not None and self.cut_off:
            self._complain(
                f"Your reply was cut off within <|{self.opened.name}|>, which was not carried out. "
                "Write less, or split it into several replies."
            )
        elif self.opened is not None:
            body = _PART_OF_END.sub("", self.text[self.opened.end :].rstrip())
            self._close(self.opened, body, None)

    def _marker(self, found: re.Match[str]) -> _Marker | None:
        """The marker, if it means anything here."""
        before, slash, name, after, closer = found.groups()
        barred = bool(before or after)
        if closer == "}" and not barred:
            return None
        name = name.upper()
        name = self.names.get(name, name)
        start = found.start()
        marker = _Marker(
            start=start,
            end=found.end(),
            name=name,
            closes=bool(slash) or name == "END",
            barred=barred,
            begins_line=_begins_line(self.text, start),
        )
        if marker.closes:
            mine = name == "END" or (self.opened is not None and self.opened.name == name)
            return marker if mine else None
        known = name in self.vocabulary or name in _ENDINGS
        if not known and not barred:
            return None
        if self.opened is not None and not marker.begins_line:
            # Within an argument, what is no word of the grammar is the model's own text.
            own_text = not barred and self.opened.barred
            if own_text or (not known and name not in _TEMPLATE_TOKENS):
                return None
        return marker

    def _take(self, marker: _Marker) -> None:
        opened, self.opened = self.opened, None
        if opened is not None:
            body = self.text[opened.end : marker.start]
            self._close(opened, body, marker if marker.closes else None)
            if self.ending is not None:
                return
        if marker.closes or marker.name in _TEMPLATE_TOKENS:
            return
        if marker.name in ("DONE", "HANDOFF"):
            self.ending = _ENDINGS[marker.name]
            self._place(marker, marker.end, ending=True)
        else:
            self.opened = marker

    def _close(self, opened: _Marker, body: str, closer: _Marker | None) -> None:
        """The operation or action is complete: `body` stands between its marker and its end."""
        if closer is None:
            body = _FENCE.sub("", body.rstrip()).rstrip("` \n")
        if opened.name == "ACTION":
            self._act(opened, body, closer)
        elif opened.name not in self.vocabulary:
            self._unknown(opened.name)
        else:
            self._operate(opened, body, closer)

    def _place(self, opened: _Marker, end: int, *, ending: bool = False) -> None:
        self.places.append(Place(name=opened.name, start=opened.start, end=end, ending=ending))

    def _act(self, opened: _Marker, body: str, closer: _Marker | None) -> None:
        action = body.strip()
        if closer is None:
            action = action.split("\n", 1)[0].strip()
        if action:
            self.ending, self.action = "action", action
            self._place(opened, _end(opened, body, action, closer), ending=True)
        else:
            self._complain(f"<|ACTION|> names no action. Write <|ACTION|>name of an action{END}")

    def _operate(self, opened: _Marker, whole: str, closer: _Marker | None) -> None:
        rule, body = self.vocabulary[opened.name], whole
        if closer is None:
            body = body.strip()
            if rule.kind not in WRITING_KINDS:
                body = body.split("\n", 1)[0]
            elif _BLANK_LINE.search(body):
                self._complain(
                    f"<|{rule.name}|> has no {END}, so it is unclear where its text ends. "
                    f"Nothing was written. Write it again as {usage(rule)}"
                )
                return
        arguments = split_arguments(rule, body)
        self.operations.append(Operation(name=rule.name, arguments=arguments))
        self._place(opened, _end(opened, whole, body, closer))

    def _unknown(self, name: str) -> None:
        names = list(self.vocabulary)
        near = closest(name, [*names, *_ENDINGS])
        if near:
            hint = f"did you mean <|{near}|>?"
        elif names:
            hint = f"you can use {', '.join(f'<|{known}|>' for known in names)}."
        else:
            hint = "there are no operations now."
        self._complain(f"There is no operation <|{name}|> here; {hint}")

    def _complain(self, sentence: str) -> None:
        if sentence not in self.broken and len(self.broken) < MOST_BROKEN:
            self.broken.append(sentence)


def parse(text: str, vocabulary: Mapping[str, OperationRule], *, cut_off: bool = False) -> Reply:
    """Read a model's reply; `vocabulary` is what the phase offers, name -> rule. Never raises.

    `cut_off` says that the reply ended at its token limit: what is open at its end is then no
    operation, since half a file written is worse than none.
    """
    names = {name.upper(): name for name in vocabulary}
    reader = _Reader(text, vocabulary, names, cut_off)
    reader.read()
    return Reply(
        operations=tuple(reader.operations),
        ending=reader.ending,
        action=reader.action,
        broken=tuple(reader.broken),
    )


def places(
    text: str, vocabulary: Mapping[str, OperationRule], *, cut_off: bool = False
) -> tuple[Place, ...]:
    """Where the operations that `parse` reads stand in the text, in order, and its ending."""
    names = {name.upper(): name for name in vocabulary}
    reader = _Reader(text, vocabulary, names, cut_off)
    reader.read()
    return tuple(reader.places)


def write(operation: Operation) -> str:
    """The operation as a model would write it; `parse` gives it back."""
    return f"<|{operation.name}|>{'|'.join(operation.arguments)}{END}"


def grouped(
    operations: Iterable[Operation], vocabulary: Mapping[str, OperationRule]
) -> tuple[Operation, ...]:
    """In the order of the published method: reads, then appends, then writes, then creates."""
    return tuple(sorted(operations, key=lambda operation: _RANK[vocabulary[operation.name].kind]))


def _begins_line(text: str, start: int) -> bool:
    """Whether nothing but a little white space or a fence stands before it in its line."""
    before = text[max(0, start - 12) : start].rstrip(" \t`")
    return before.endswith("\n") or (not before and start <= 12)


def _end(opened: _Marker, whole: str, taken: str, closer: _Marker | None) -> int:
    """Where an operation ends: with its closer, or where none is, with what was taken of it."""
    if closer is not None:
        return closer.end
    return opened.end + len(whole) - len(whole.lstrip()) + len(taken)
