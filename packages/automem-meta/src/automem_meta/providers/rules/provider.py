"""Sits at the desk as any model does: looks, decides by rule, writes, checks, finishes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from automem.errors import MetaError
from automem.models.cost import FREE, Price
from automem.protocols import ReviewDesk
from automem.records._struct import Record
from automem.records.review import (
    Answered,
    AnyReviewEvent,
    MetaTurn,
    Said,
    ToolAnswer,
    ToolCall,
)
from automem.review.memory_use import MemoryUse
from automem_meta.providers.rules.catalogue import proposals
from automem_meta.providers.rules.draft import Draft, text_of, toml
from automem_meta.providers.rules.evidence import MANIFEST, Evidence, read_manifest
from automem_meta.providers.rules.proposal import Proposal

MODEL = "rules (no language model)"
INCUMBENT = "incumbent/"
_MORE = re.compile(r"\n\[characters \d+ to \d+ of \d+(?:; read on with offset=(\d+))?\]$")
_LISTED = re.compile(r"^(\S+) \(\d+ lines, \d+ characters\)$", re.MULTILINE)
_SCAFFOLD = re.compile(r"(?:scaffold\.toml|code\.py|(?:prompts|files)/.+)")


class RulesOptions(Record):
    """`[evolve.options]` of `rules`."""

    skip: tuple[str, ...] = ()
    """Edits that are never proposed, by name or by the beginning of it, such as `remove-`."""
    least_weight: float = 0.03
    """What weighs less is not proposed."""


@dataclass(slots=True)
class RulesProvider:
    """A provider that asks nobody: free, offline, and the same for the same traces."""

    options: RulesOptions = field(default_factory=RulesOptions)
    price: Price = FREE

    async def review(self, desk: ReviewDesk) -> None:
        """Make the one edit that weighs most and was not tried; none left ends the review.

        Everything is decided anew from the incumbent, so one that goes on from a refused change
        comes to a whole overlay again. What an interrupted review has asked is not asked again:
        its answers are in the transcript, and its budget is not spent twice.
        """
        if desk.finished:
            return
        clerk = _Clerk(desk, recorded(desk.events))
        evidence = await _evidence(clerk)
        tried = await _tried(clerk)
        found = proposals(evidence)
        for proposal in found:
            if (
                self._wanted(proposal, tried)
                and await _made(clerk, evidence, proposal)
                and await _delivered(clerk, evidence, found, proposal, tried)
            ):
                return
        await clerk.say("Every edit of the catalogue that fits was tried; nothing is proposed.")

    async def aclose(self) -> None:
        """Nothing is held."""

    def _wanted(self, proposal: Proposal, tried: str) -> bool:
        skipped = any(proposal.name.startswith(name) for name in self.options.skip)
        heavy = proposal.weight >= self.options.least_weight
        return heavy and not skipped and not _names(tried, proposal.name)


def make_provider(model: str | None, options: RulesOptions | None) -> RulesProvider:
    """The provider; it has no model."""
    del model
    return RulesProvider(options or RulesOptions())


def recorded(events: Sequence[AnyReviewEvent]) -> list[tuple[MetaTurn, ToolAnswer | None]]:
    """Each turn of a transcript with the answer to its call; None where there is none."""
    found: list[tuple[MetaTurn, ToolAnswer | None]] = []
    for event in events:
        if isinstance(event, Said):
            found.append((event.turn, None))
        elif isinstance(event, Answered) and found:
            found[-1] = (found[-1][0], event.answer)
    return found


@dataclass(slots=True)
class _Clerk:
    """Calls tools one by one, each a turn of the transcript."""

    desk: ReviewDesk
    recording: list[tuple[MetaTurn, ToolAnswer | None]]
    """What an interrupted review did; used up from its beginning, for as long as it fits."""

    async def say(self, text: str) -> None:
        """A turn without a call."""
        if self._again(text, None) is None:
            self.desk.allow()
            self.desk.said(MetaTurn(text=text, cost=0.0, model=MODEL))

    async def ask(self, name: str, **arguments: Any) -> ToolAnswer:
        """One tool, once."""
        done = self._again("", (name, arguments))
        if done is not None:
            turn, answer = done
            return await self.desk.call(turn.calls[0]) if answer is None else answer
        self.desk.allow()
        call = ToolCall(id=f"rules-{len(self.desk.events)}", name=name, arguments=arguments)
        self.desk.said(MetaTurn(calls=(call,), end="tools", cost=0.0, model=MODEL))
        return await self.desk.call(call)

    def _again(
        self, text: str, asked: tuple[str, dict[str, Any]] | None
    ) -> tuple[MetaTurn, ToolAnswer | None] | None:
        """The same turn as it was recorded; None where it is a new one."""
        if not self.recording:
            return None
        turn, answer = self.recording.pop(0)
        calls = [(call.name, call.arguments) for call in turn.calls]
        if turn.text == text and calls == ([] if asked is None else [asked]):
            return turn, answer
        self.recording.clear()
        return None

    async def whole(self, name: str, **arguments: Any) -> str:
        """The whole answer of a tool, however long. Raises MetaError where it refuses."""
        parts: list[str] = []
        offset = 0
        while True:
            answer = await self.ask(name, **arguments, offset=offset)
            if answer.failed:
                raise MetaError(f"the tool {name} refused: {answer.text}")
            found = _MORE.search(answer.text)
            parts.append(answer.text[: found.start()] if found else answer.text)
            if found is None or found[1] is None:
                return "".join(parts)
            offset = int(found[1])

    async def text(self, path: str) -> str:
        """A whole file, its last line ended."""
        text = (await self.whole("read", path=path)).partition("\n")[2]
        return f"{text}\n" if text else ""

    async def listed(self, prefix: str = "") -> list[str]:
        """The names of plain files that begin with a prefix."""
        return _LISTED.findall(await self.whole("list", path=prefix))

    async def do(self, name: str, **arguments: Any) -> None:
        """A tool that has to work. Raises MetaError."""
        answer = await self.ask(name, **arguments)
        if answer.failed:
            raise MetaError(f"the tool {name} refused: {answer.text}")


async def _evidence(clerk: _Clerk) -> Evidence:
    names = await clerk.listed(INCUMBENT)
    content = {name.removeprefix(INCUMBENT): await clerk.text(name) for name in names}
    uses = await clerk.whole("metric", by="memory", evaluation="A", form="json")
    measures = await clerk.whole("metric", evaluation="A", form="json")
    samples: dict[str, str] = {}
    for path in (await clerk.whole("list", path="episodes/A1/")).splitlines():
        if "/memory/" in path:
            samples[path.rpartition("/memory/")[2]] = await clerk.text(path)
    try:
        return Evidence(
            content=content,
            manifest=read_manifest(content[MANIFEST]),
            use=msgspec.json.decode(uses, type=dict[str, MemoryUse])["A"],
            measures=msgspec.json.decode(measures, type=dict[str, dict[str, float | None]])["A"],
            samples=samples,
        )
    except (KeyError, ValueError) as error:
        raise MetaError(f"the rules cannot read what the desk shows: {error!r}") from error


async def _tried(clerk: _Clerk) -> str:
    """Everything that names an edit of an earlier review: the ledger, and what they delivered."""
    names = [name for name in await clerk.listed("tried/") if name.endswith("method.md")]
    return "\n".join([clerk.desk.brief, *[await clerk.text(name) for name in names]])


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w:.-]){re.escape(name)}(?![\w:-]|\.\w)", text) is not None


async def _made(clerk: _Clerk, evidence: Evidence, proposal: Proposal) -> bool:
    """Put the edited scaffold into the overlay; whether it passes the check."""
    draft = Draft.of(evidence.content)
    proposal.change(draft)
    wanted = draft.content()
    there = [name for name in await clerk.listed() if _SCAFFOLD.fullmatch(name)]
    wanted[MANIFEST] = _named_as(await clerk.text(MANIFEST), wanted[MANIFEST])
    for name in there:
        if name not in wanted:
            await clerk.do("delete", path=name)
    for name, text in wanted.items():
        if name not in there or await clerk.text(name) != text:
            await clerk.do("write", path=name, text=text)
    return "passes" in (await clerk.ask("check")).text


def _named_as(overlay: str, wanted: str) -> str:
    """The wanted manifest under the name and with the parent that the overlay was given."""
    given = tomllib.loads(overlay)
    kept = {key: given[key] for key in ("name", "parent") if key in given}
    return toml({**tomllib.loads(wanted), **kept})


async def _delivered(
    clerk: _Clerk,
    evidence: Evidence,
    found: Sequence[Proposal],
    chosen: Proposal,
    tried: str,
) -> bool:
    """Write the reports and finish; whether that was accepted."""
    findings = [
        f"- `{one.name}` (weight {one.weight:.2f}): {one.failure}." for one in found if one.weight
    ]
    before = [f"`{one.name}`" for one in found if _names(tried, one.name)]
    analysis = _filled(
        "analysis",
        EPISODES=str(evidence.use.episodes),
        STEPS=str(evidence.use.steps),
        PROGRESSION=f"{evidence.measure('progression'):.2f}",
        FINDINGS="\n".join(findings),
        CHOSEN=f"`{chosen.name}`",
        TRIED=f"Tried before: {', '.join(before)}." if before else "",
    )
    method = _filled(
        "method",
        NAME=chosen.name,
        TITLE=chosen.title,
        FAILURE=chosen.failure,
        EXPECTED=chosen.expected,
    )
    await clerk.do("write", path="analysis.md", text=analysis)
    await clerk.do("write", path="method.md", text=method)
    return not (await clerk.ask("finish")).failed


def _filled(name: str, **values: str) -> str:
    text = text_of(name)
    for key in values:
        text = text.replace(key, f"\0{key}\0")
    for key, value in values.items():
        text = text.replace(f"\0{key}\0", value)
    return text.rstrip() + "\n"
