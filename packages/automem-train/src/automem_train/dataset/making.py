"""One pass from the turns of a run to examples: judge, choose, clean, and hand on."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from anyio.lowlevel import checkpoint

from automem.errors import DataError
from automem.processes.jail import JailLevel
from automem.records._struct import Record
from automem.records.model import Message
from automem.run.config import load_config
from automem.run.layout import RunFolder
from automem_train.clean.cleaning import clean
from automem_train.clean.draft import draft_of
from automem_train.dataset.conversations import Conversation, TurnId, conversations
from automem_train.dataset.counting import DataCount, seed_lists
from automem_train.dataset.record import DataReport, Example
from automem_train.dataset.words import Words
from automem_train.select.choosing import Candidate, candidates_by_pattern, choose
from automem_train.select.judging import Judge, episodes_of, rejected
from automem_train.select.reject import Reject
from automem_train.select.scoring import Scorer, open_scorer
from automem_train.select.selection import Chooser
from automem_train.turns.source import complete_evaluations, sources_of
from automem_train.turns.table import TurnTable, turn_table


class Sink(Protocol):
    """Takes what the pass comes to."""

    def example(self, example: Example) -> None:
        """A turn that was chosen and cleaned."""

    def reject(self, reject: Reject) -> None:
        """A turn that was not taken, and why."""


class Filled(Record):
    """What a pass came to."""

    report: DataReport
    """Without a hash, and nothing proven yet."""
    shortfall: str = ""
    """What is missing to the selection's minimum, and why; empty where nothing is."""


@dataclass(slots=True)
class _Building:
    """What is known while examples are handed on."""

    sink: Sink
    count: DataCount
    words: Words

    def refuse(self, reject: Reject) -> None:
        self.sink.reject(reject)
        self.count.refused(reject)

    def write(self, turn: TurnId, told: Conversation, one: Candidate, reason: str) -> None:
        """Clean a chosen turn; hand on the example, or why there is none."""
        vocabulary = self.words.of(turn)
        asked = told.asked
        draft = draft_of(turn.phase, asked.reply, cut_off=asked.finish == "length")
        cleaned = clean(draft, told.messages, vocabulary)
        self.count.cleaned(cleaned)
        problem = cleaned.dropped or cleaned.failed
        if problem:
            self.refuse(rejected(one, "cleaning", problem))
            return
        example = Example(
            id=one.id,
            evaluation=turn.evaluation,
            task=turn.task,
            seed=turn.seed,
            step=turn.step,
            phase=turn.phase,
            turn=turn.turn,
            shape=one.shape,
            stratum=one.stratum,
            score=one.score if math.isfinite(one.score) else None,
            reason=reason,
            rules=cleaned.rules,
            spans=cleaned.draft.spans,
            prompt_tokens=asked.usage.input_tokens,
            messages=(
                *told.messages,
                Message(role="assistant", content=cleaned.draft.text),
            ),
        )
        self.sink.example(example)
        self.count.kept(example, vocabulary)


async def fill(
    run: RunFolder,
    chooser: Chooser,
    sink: Sink,
    watch: Callable[[int, int], None] | None = None,
    *,
    within: Collection[str] = (),
    level: JailLevel | None = None,
) -> Filled:
    """Go through the turns of the selection's evaluations, and hand on what it takes.

    Those of other evaluations than `within` cannot be chosen, whatever the selection says; empty
    allows all. Raises DataError, TraceError, ScaffoldError, JailError.
    """
    evaluations = complete_evaluations(run, chooser.selection.evaluations)
    if within:
        evaluations = [pair for pair in evaluations if pair[0].path.name in within]
        if not evaluations:
            raise DataError(
                "`evaluations` of the selection names none that may be learned from; leave the "
                f"key out, or name one of {', '.join(sorted(within))}"
            )
    plans = {folder.path.name: plan for folder, plan in evaluations}
    table = turn_table(run, sources_of(run, evaluations), watch)
    lists = seed_lists(load_config(run.config) if run.config.exists() else None)
    kept = frozenset(seed for seed, name in lists.items() if name == "report")
    judge = Judge(chooser, episodes_of(chooser, table.sources), kept)
    words = Words(
        run,
        {key: plan.scaffold for key, plan in plans.items()},
        {source.name: source.result.task for source in table.sources},
    )
    building = _Building(sink, DataCount(lists), words)
    async with _scorer(run, chooser, level) as scorer:
        await judge.go(table.turns(), scorer, building.refuse)
    chosen = _chosen(judge, building, table)
    for turn, told in conversations(run, chosen):
        building.write(turn, told, *chosen["/".join(map(str, turn))])
        await checkpoint()
    report = DataReport(
        hash="",
        criteria=chooser.selection.criteria,
        evaluations={key: plan.name for key, plan in plans.items()},
        table=table.key,
        turns=judge.turns,
        jail=None if scorer is None else scorer.jail.level,
        score_faults=0 if scorer is None else scorer.faults,
        chosen=len(chosen),
        named=len(judge.named),
        proven=0,
        sums=building.count.sums(judge.shapes, {source.name for source in table.sources}),
    )
    return Filled(report=report, shortfall=_shortfall(building.count, judge))


@asynccontextmanager
async def _scorer(
    run: RunFolder, chooser: Chooser, level: JailLevel | None
) -> AsyncGenerator[Scorer | None]:
    """The jailed program; None where there is no program."""
    if not chooser.score:
        yield None
        return
    async with open_scorer(chooser.score, log=run.logs / "jail-score.log", level=level) as scorer:
        yield scorer


def _chosen(
    judge: Judge, building: _Building, table: TurnTable
) -> dict[str, tuple[Candidate, str]]:
    """Id -> candidate and the reason it was named for; by episode, in the order of the table."""
    taken, left = choose(judge.candidates, judge.chooser.selection)
    for one, why in left:
        building.refuse(rejected(one, "share", why))
    pairs = [*judge.named, *((one, "") for one in taken)]
    order = {source.name: place for place, source in enumerate(table.sources)}
    pairs.sort(key=lambda pair: order[pair[0].episode])
    for one, _ in pairs:
        building.count.chosen[one.shape] += 1
    return {one.id: (one, reason) for one, reason in pairs}


def _shortfall(count: DataCount, judge: Judge) -> str:
    selection = judge.chooser.selection
    examples, wanted = count.shapes.total(), selection.minimum
    if examples >= wanted:
        return ""
    reasons = ", ".join(f"{name} {number}" for name, number in count.rejected.most_common())
    there = candidates_by_pattern(judge.candidates, selection.shapes)
    shares = ", ".join(
        f"{pattern} {there[pattern]} for its share of {share:g}"
        for pattern, share in selection.shapes.items()
    )
    return (
        f"the selection gives {examples} examples, and its minimum is {wanted}; refused: "
        f"{reasons or 'none'}" + (f"; candidates: {shares}" if shares else "")
    )
