"""A scaffold's review: the one edit that weighs most, made and delivered with its figures."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence

import msgspec

from automem.errors import MetaError
from automem.review.memory_use import MemoryUse
from automem_meta.providers.rules.catalogue import proposals
from automem_meta.providers.rules.clerk import Clerk
from automem_meta.providers.rules.draft import Draft, toml
from automem_meta.providers.rules.evidence import MANIFEST, Evidence, read_manifest
from automem_meta.providers.rules.proposal import Proposal
from automem_meta.providers.rules.wording import filled

INCUMBENT = "incumbent/"
_SCAFFOLD = re.compile(r"(?:scaffold\.toml|code\.py|(?:prompts|files)/.+)")


async def edit_scaffold(clerk: Clerk, wanted: Callable[[Proposal], bool]) -> None:
    """Make the first wanted edit that was not tried and passes; none left is said.

    Everything is decided anew from the incumbent, so one that goes on from a refused change
    comes to a whole overlay again.
    """
    evidence = await _evidence(clerk)
    tried = await _tried(clerk)
    found = proposals(evidence)
    for proposal in found:
        if (
            wanted(proposal)
            and not _names(tried, proposal.name)
            and await _made(clerk, evidence, proposal)
            and await _delivered(clerk, evidence, found, proposal, tried)
        ):
            return
    await clerk.say("Every edit of the catalogue that fits was tried; nothing is proposed.")


async def _evidence(clerk: Clerk) -> Evidence:
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


async def _tried(clerk: Clerk) -> str:
    """Everything that names an edit of an earlier review: the ledger, and what they delivered."""
    names = [name for name in await clerk.listed("tried/") if name.endswith("method.md")]
    return "\n".join([clerk.desk.brief, *[await clerk.text(name) for name in names]])


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w:.-]){re.escape(name)}(?![\w:-]|\.\w)", text) is not None


async def _made(clerk: Clerk, evidence: Evidence, proposal: Proposal) -> bool:
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
    clerk: Clerk,
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
    analysis = filled(
        "analysis",
        EPISODES=str(evidence.use.episodes),
        STEPS=str(evidence.use.steps),
        PROGRESSION=f"{evidence.measure('progression'):.2f}",
        FINDINGS="\n".join(findings),
        CHOSEN=f"`{chosen.name}`",
        TRIED=f"Tried before: {', '.join(before)}." if before else "",
    )
    method = filled(
        "method",
        NAME=chosen.name,
        TITLE=chosen.title,
        FAILURE=chosen.failure,
        EXPECTED=chosen.expected,
    )
    await clerk.do("write", path="analysis.md", text=analysis)
    await clerk.do("write", path="method.md", text=method)
    return not (await clerk.ask("finish")).failed
