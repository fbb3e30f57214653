"""Which turns to learn from: the strictest selection of a ladder that has enough of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from automem.errors import MetaError
from automem.records._struct import Record
from automem_meta.providers.rules.draft import toml
from automem_meta.providers.rules.recipes.earlier import Tried
from automem_meta.providers.rules.wording import text_of

SHARES: Final = (0.5, 0.25, 0.75, 1.0)
"""Of the episodes that came furthest, in the order in which they are tried."""
FEWEST: Final = 8
"""Examples; no selection asks for less."""
_LOG_EXAMPLES = re.compile(r"^log/\S+ \| \d+ \| \d+ \| [1-9]", re.MULTILINE)
_CRITERIA = (
    "LOG turns that look into a file before they write it, and the writes that follow; PLAN turns "
    "whose search found something"
)
_LOOSER = "scored by the score.py that was there, which takes more than that"


class Rung(Record):
    """One selection of the ladder."""

    share: float
    strict: bool
    """Whether the program is the rules' own; else the one that was there."""
    minimum: int

    @property
    def name(self) -> str:
        """In short."""
        program = "the rules' own score.py" if self.strict else "the score.py that was there"
        return f"share{self.share:g}, {program}, at least {self.minimum}"

    @property
    def words(self) -> str:
        """What is selected, in a sentence without its full stop."""
        looser = "" if self.strict else f"; {_LOOSER}"
        return (
            f"share{self.share:g}: {_CRITERIA}{looser}. From {100 * self.share:g} % of the "
            f"episodes, those that came furthest; at least {self.minimum} examples"
        )


class Found(Record):
    """The selection that a review begins with."""

    table: dict[str, Any]
    score: str

    @property
    def minimum(self) -> int:
        """Examples it asks for."""
        wanted = self.table.get("minimum", 1)
        return wanted if isinstance(wanted, int) else 1


def found_selection(text: str, score: str) -> Found:
    """The selection in the overlay. Raises MetaError where it is no TOML."""
    try:
        return Found(table=tomllib.loads(text), score=score)
    except tomllib.TOMLDecodeError as error:
        raise MetaError(f"the rules cannot read selection.toml: {error}") from error


def next_share(tried: Sequence[Tried]) -> float | None:
    """The share to select anew by; None where the earlier data may be used again.

    They are where nothing speaks against them, and where every share was tried.
    """
    if tried and not tried[-1].speaks_against_its_data:
        return None
    used = {one.share for one in tried}
    return next((share for share in SHARES if share not in used), None)


def last_share(tried: Sequence[Tried]) -> float:
    """The share of the last selection."""
    return next((one.share for one in reversed(tried) if one.share is not None), SHARES[0])


def ladder(share: float, found: Found) -> Iterator[Rung]:
    """The strictest first; each next one has more turns to take, or asks for fewer."""
    yield Rung(share=share, strict=True, minimum=found.minimum)
    if found.score:
        yield Rung(share=share, strict=False, minimum=found.minimum)
    minimum, widest = found.minimum, max(SHARES)
    if share < widest:
        yield Rung(share=widest, strict=not found.score, minimum=minimum)
    while minimum > FEWEST:
        minimum = max(FEWEST, minimum // 2)
        yield Rung(share=widest, strict=not found.score, minimum=minimum)


def teaches_log(tryout: str) -> bool:
    """Whether an example of LOG is among what `select` counts by shapes."""
    return _LOG_EXAMPLES.search(tryout) is not None


def rung_files(rung: Rung, found: Found) -> dict[str, str]:
    """Name -> text of the two files of a selection."""
    table = {key: value for key, value in found.table.items() if key != "shapes"}
    episodes: dict[str, Any] = {**found.table.get("episodes", {}), "best": rung.share}
    table |= {"criteria": f"{rung.words}.", "minimum": rung.minimum, "threshold": 0.5}
    return {
        "selection.toml": toml({**table, "episodes": episodes}),
        "score.py": text_of("recipe_score", "py") if rung.strict else found.score,
    }
