"""The text of an answer while its tokens arrive, and the stop string that ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Decode = Callable[[list[int]], str]
_HALF = "\ufffd"
"""Where a token ends in the middle of a character."""


@dataclass(slots=True)
class AnswerText:
    """Grows by tokens; no character is settled before all of its tokens are there."""

    decode: Decode
    stop: tuple[str, ...] = ()
    keeps_stop: bool = False
    stopped: str | None = field(default=None, init=False)
    """The stop string that was found."""
    _ids: list[int] = field(default_factory=list[int], init=False)
    _text: str = field(default="", init=False)
    _begin: int = field(default=0, init=False)
    """First token that is decoded again: a tokenizer may write a token by what precedes it."""
    _settled: int = field(default=0, init=False)
    """Tokens whose text is in `_text`."""

    def add(self, token: int) -> bool:
        """Take one token in; whether a stop string is complete now."""
        self._ids.append(token)
        if not self.stop:
            return False
        fresh = self._fresh()
        if not fresh or fresh.endswith(_HALF):
            return False
        self._begin, self._settled = self._settled, len(self._ids)
        return self._search(fresh)

    def finish(self) -> str:
        """The whole text, cut at the stop string."""
        if self.stopped is not None:
            return self._text
        return self.decode(self._ids)

    def _fresh(self) -> str:
        before = self.decode(self._ids[self._begin : self._settled])
        return self.decode(self._ids[self._begin :])[len(before) :]

    def _search(self, fresh: str) -> bool:
        looked = max(0, len(self._text) - max(map(len, self.stop)) + 1)
        self._text += fresh
        found = [(self._text.find(one, looked), one) for one in self.stop]
        at, first = min(((at, one) for at, one in found if at >= 0), default=(-1, ""))
        if at < 0:
            return False
        self.stopped = first
        self._text = self._text[: at + len(first) if self.keeps_stop else at]
        return True
