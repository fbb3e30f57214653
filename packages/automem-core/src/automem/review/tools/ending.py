"""`check` and `finish`: whether what was written can be used, and that the review is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from automem.records._struct import Record
from automem.review.refusal import ToolRefusal
from automem.review.tool import Tool
from automem.review.workplace import Workplace
from automem.review.writable import ANALYSIS, METHOD


class NoArguments(Record):
    """A tool without arguments."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a kind of review is accepted."""

    what: str
    """Is checked, such as `scaffold`."""
    described: str
    """What `check` does, for a meta-LLM."""
    accepted: str
    """When `finish` is accepted, likewise."""
    passed: str
    """The answer of a check without problems."""
    done: str
    """The answer of an accepted `finish`."""
    problems: Callable[[Workplace], Awaitable[list[str]]]
    """Everything that keeps it from being used, in words."""
    missing: Callable[[Workplace], Iterable[str]]
    """What `finish` wants besides the check and the two reports, where it is not there."""
    told: Callable[[Workplace], str] = lambda place: ""
    """What else is said of what passes the check."""

    def tools(self) -> tuple[Tool, Tool]:
        """`check` and `finish`."""
        return (
            Tool("check", self.described, NoArguments, self._check, keeps_offset=False),
            Tool("finish", self.accepted, NoArguments, self._finish, keeps_offset=False),
        )

    async def _check(self, place: Workplace, arguments: NoArguments) -> str:
        """Every problem, or that there is none."""
        found = await self.problems(place)
        if not found:
            return f"{self.passed}\n{self.told(place)}".rstrip()
        return _listed(f"The {self.what} does not pass", found)

    async def _finish(self, place: Workplace, arguments: NoArguments) -> str:
        """End the review. Raises ToolRefusal with everything that is missing."""
        missing = [*_unwritten(place), *self.missing(place)] or await self.problems(place)
        if missing:
            raise ToolRefusal(_listed("The review is not finished", missing))
        return self.done


def _unwritten(place: Workplace) -> Iterable[str]:
    reports = place.overlay.reports()
    for name, what in ((ANALYSIS, "what the traces showed"), (METHOD, "what you changed and why")):
        if not reports.get(name, "").strip():
            yield f"{name} is missing: write {what}"


def _listed(head: str, found: list[str]) -> str:
    return "\n".join([f"{head}:", *(f"- {problem}" for problem in found)])
