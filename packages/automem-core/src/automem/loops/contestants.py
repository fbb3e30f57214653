"""Who is in the final table: what the run began with, all that was kept, and the baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from automem.errors import RunError
from automem.evaluate.plan import MEMORY_ONLY, agent_text
from automem.loops.playing import Side
from automem.loops.versions import Version, versions
from automem.records.config import AgentSection, PipelineSection
from automem.records.ledger import Trial
from automem.run.layout import RunFolder
from automem.scaffold.load import load_scaffold

RowKind = Literal["scaffold", "memory_only", "specialist", "baseline"]

BASELINES = (
    AgentSection(name="window", history=10),
    AgentSection(name="window", history=10, chain_of_thought=True),
)
"""Agents without memory files: the last ten observations, and reasoning before the action."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One row of the table, before it is played."""

    name: str
    kind: RowKind
    side: Side
    hash: str = ""
    """Content hash of the scaffold; empty for a baseline."""
    adapter: str = ""
    """Key of the adapter; empty where one model plays."""
    revision: int = 0
    """0 for what the run began with; of a specialist, the number of its recipe."""
    change: str = ""
    """What makes it another than its parent, in one line."""
    parent: int | None = None
    """Place of what it is also compared with: the same scaffold, played whole by one model."""


def contestants(
    root: Version,
    trials: Sequence[Trial],
    run: RunFolder,
    folder_of: Callable[[str], Path],
    section: PipelineSection,
) -> list[Contestant]:
    """Every row in order; each is another play, so that each version is played once.

    `folder_of` gives the folder of a scaffold by its hash. All specialists that a gate let through
    take part, not the best alone: which one that is was chosen on the search seeds, and a table
    of one would hide how much chance there is in the choice. Raises RunError for a lost adapter.
    """
    known = versions(root, trials)
    found = [*scaffolds(known, trials, folder_of, memory_only=section.memory_only)]
    places = {one.hash: place for place, one in enumerate(found) if one.kind == "scaffold"}
    found += _specialists(trials, run, found, places)
    if section.baselines:
        found += [_baseline(agent) for agent in BASELINES]
    return _told_apart(found)


def scaffolds(
    known: Sequence[Version],
    trials: Sequence[Trial],
    folder_of: Callable[[str], Path],
    *,
    memory_only: bool,
) -> Iterator[Contestant]:
    """Each scaffold, and what has code a second time, without its `perceive` and `guard`."""
    changes = {trial.candidate: trial.change for trial in trials if trial.verdict == "kept"}
    place = 0
    for version in known:
        whole = Contestant(
            name=version.name,
            kind="scaffold",
            side=Side(folder_of(version.hash)),
            hash=version.hash,
            revision=version.revision,
            change=changes.get(version.hash, ""),
        )
        yield whole
        parent, place = place, place + 1
        folder = whole.side.scaffold
        if memory_only and folder is not None and load_scaffold(folder).code is not None:
            place += 1
            yield replace(
                whole,
                name=f"{version.name}{MEMORY_ONLY}",
                kind="memory_only",
                side=replace(whole.side, memory_only=True),
                change="without perceive and guard",
                parent=parent,
            )


def _specialists(
    trials: Sequence[Trial],
    run: RunFolder,
    found: Sequence[Contestant],
    places: dict[str, int],
) -> Iterator[Contestant]:
    for trial in trials:
        if trial.kind != "recipe" or trial.verdict != "kept" or trial.parent not in places:
            continue
        scaffold = found[places[trial.parent]]
        adapter = run.adapters / trial.candidate
        if not adapter.is_dir():
            raise RunError(
                f"the adapter of {trial.name} is lost: {adapter} is not there; put it back, or "
                "choose another name with --run"
            )
        yield Contestant(
            name=trial.candidate_name or f"{scaffold.name}+{trial.name}",
            kind="specialist",
            side=replace(scaffold.side, adapter=str(adapter)),
            hash=scaffold.hash,
            adapter=trial.candidate,
            revision=trial.revision,
            change=trial.change,
            parent=places[trial.parent],
        )


def _baseline(agent: AgentSection) -> Contestant:
    return Contestant(name=agent_text(agent), kind="baseline", side=Side(None, agent=agent))


def _told_apart(found: list[Contestant]) -> list[Contestant]:
    """The same, those of one name with their revision: manifests may keep theirs."""
    count = Counter(one.name for one in found)
    return [
        replace(one, name=f"{one.name}, revision {one.revision}") if count[one.name] > 1 else one
        for one in found
    ]
