"""Two loops without judgment: `evolve` keeps given scaffolds, `train` writes and keeps an adapter.

They play what real loops play, and keep their state where those do, so that whatever works through
loops can be tested without a meta-LLM or a trainer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec

from automem.files import write_text
from automem.hooks import hookimpl
from automem.loops.beginning import refuse_touched
from automem.loops.loop import Amounts, LoopDone, LoopEstimate
from automem.loops.playing import Played, Player, Side, settings_of
from automem.loops.purse import Purse
from automem.loops.versions import Version, versions
from automem.loops.watching import Watching
from automem.plugins import Plugins
from automem.records._struct import Record
from automem.records.config import RunConfig
from automem.records.gate import Pair
from automem.records.ledger import GateStage, LedgerKind, Trial
from automem.records.training import TrainingStep
from automem.run.layout import RunFolder, run_folder
from automem.run.ledger import append_trial, read_ledger
from automem.run.seeds import parse_seeds
from automem.spec import Spec
from automem.testing.adapters import write_adapter

LOSSES = (2.0, 1.5, 1.25)
"""Of the steps of the training that never was."""


class FakeSection(Record):
    """What the section of such a loop says."""

    scaffolds: tuple[str, ...] = ()
    """`evolve`: folders, kept one after the other."""
    adapters: int = 0
    """`train`: how many are made and kept."""
    refuses: str = ""
    """Why `check` refuses the run; empty where it does not."""


@dataclass(frozen=True, slots=True)
class FakeLoop:
    """What `automem.loops.loop.Loop` asks for."""

    name: str
    kind: LedgerKind
    section: FakeSection
    config: RunConfig
    plugins: Plugins
    run: RunFolder

    def check(self) -> None:
        """Refuse what the section says. Raises RuntimeError."""
        if self.section.refuses:
            raise RuntimeError(self.section.refuses)

    def estimate(self, source: RunFolder) -> LoopEstimate:
        """Two plays of the search seeds for each try that is left."""
        del source
        left = self._planned - len(self._trials)
        seeds = len(parse_seeds(self.config.seeds.search))
        amounts = Amounts(
            tries=left,
            episodes=2 * left * seeds,
            steps=None,
            calls=None,
            tokens=None,
            cost=None,
            hours=None,
            reviews=left,
            review_turns=None,
            review_tokens=None,
            review_cost=None,
            review_hours=None,
            trainings=left if self.kind == "recipe" else 0,
            training_tokens=None,
            training_hours=None,
        )
        return LoopEstimate(
            if_nothing_helps=amounts,
            at_most=amounts,
            kept=len(self._trials),
            may_keep=self._planned,
            measured_episodes=0,
            measured_in="",
            notes=("nothing is judged here", "nothing was measured"),
            unmeasured=("nothing was measured",),
        )

    async def work(self, watching: Watching, purse: Purse) -> LoopDone:
        """Keep whatever is left to be kept."""
        player = Player(self.config, self.plugins, self.run, purse, watching.evaluation)
        root = player.keep(self.config.scaffold.source)
        while len(self._trials) < self._planned:
            refuse_touched(self.run, parse_seeds(self.config.seeds.report))
            begun = Version(root.hash, root.manifest.name, 0)
            best = versions(begun, read_ledger(self.run.ledger))[-1]
            append_trial(self.run.ledger, await self._try(player, best))
        trials = self._trials
        return LoopDone(
            name=self.name,
            why="everything was kept",
            tried=len(trials),
            kept=len(trials),
            champion=trials[-1].candidate_name if trials else "",
            champion_key=trials[-1].candidate if trials else "",
        )

    @property
    def _trials(self) -> tuple[Trial, ...]:
        return read_ledger(self.run.ledger, self.kind)

    @property
    def _planned(self) -> int:
        return self.section.adapters + len(self.section.scaffolds)

    async def _try(self, player: Player, best: Version) -> Trial:
        number = len(self._trials)
        before = Side(player.folder(best.hash))
        if self.kind == "scaffold":
            scaffold = player.keep(self.section.scaffolds[number])
            after, key, name = Side(scaffold.folder), scaffold.hash, scaffold.manifest.name
            review = self.run.review(number + 1, 1)
        else:
            key = hashlib.sha256(bytes([number])).hexdigest()[:16]
            name = f"{best.name}+t{number + 1:03d}-a1"
            after = Side(before.scaffold, adapter=str(self._train(key, number)))
            review = self.run.recipe_review(number + 1, 1)
        seeds = parse_seeds(self.config.seeds.search)
        old = await player.play(before, seeds, f"{self.name}: before")
        new = await player.play(after, seeds, f"{self.name}: after")
        return Trial(
            kind=self.kind,
            at="2026-11-20T12:00:00+00:00",
            settings=settings_of(player.plan(before, seeds)),
            revision=number + 1,
            attempt=1,
            review=review.relative_to(self.run.path).as_posix(),
            parent=best.hash,
            parent_name=best.name,
            candidate=key,
            candidate_name=name,
            change=f"Change {number + 1} of {self.name}.",
            verdict="kept",
            why="everything is kept",
            gate="none",
            stages=(_stage(old, new),),
            evaluations=new.evaluations,
            mean=new.mean[0] if self.kind == "recipe" else None,
        )

    def _train(self, key: str, number: int) -> Path:
        folder = write_adapter(self.run.adapters / key, weights=bytes([number]))
        steps = [
            TrainingStep(
                step=step,
                steps=len(LOSSES),
                epoch=step / len(LOSSES),
                loss=loss,
                learning_rate=1e-4,
                gradient=1.0,
                labelled=10,
                tokens=100,
                seconds=0.5,
            )
            for step, loss in enumerate(LOSSES, start=1)
        ]
        lines = [msgspec.json.encode(step).decode() for step in steps]
        write_text(folder / "progress.jsonl", "".join(f"{line}\n" for line in lines))
        return folder


def _stage(old: Played, new: Played) -> GateStage:
    pairs = tuple(
        [
            Pair(
                task=task,
                seed=seed,
                before=old.episodes[task, seed].progression,
                after=result.progression,
            )
            for (task, seed), result in new.episodes.items()
        ]
    )
    before, after = old.mean[0], new.mean[0]
    return GateStage(
        stage="all",
        decision="keep",
        why="everything is kept",
        pairs=pairs,
        before=before,
        after=after,
        difference=after - before,
    )


def _make(name: str, kind: LedgerKind, config: RunConfig, plugins: Plugins) -> FakeLoop:
    given: dict[str, Any] = getattr(config, name)
    section = msgspec.convert(given, FakeSection)
    run = run_folder(config.run.folder, config.run.name)
    return FakeLoop(name, kind, section, config, plugins, run)


def make_evolve(config: RunConfig, plugins: Plugins) -> FakeLoop:
    """A loop that keeps the scaffolds that `[evolve]` lists."""
    return _make("evolve", "scaffold", config, plugins)


def make_train(config: RunConfig, plugins: Plugins) -> FakeLoop:
    """A loop that makes and keeps as many adapters as `[train]` says."""
    return _make("train", "recipe", config, plugins)


@hookimpl
def automem_loops() -> Iterable[Spec]:
    """Both."""
    return [
        Spec(
            name="evolve", make="automem.testing.loops:make_evolve", summary="Keeps what is given."
        ),
        Spec(name="train", make="automem.testing.loops:make_train", summary="Trains nothing."),
    ]


def fake_loops_entry_point() -> EntryPoint:
    """What `automem.plugins.load_plugins(entry_points=...)` takes."""
    return EntryPoint(name="fake-loops", value="automem.testing.loops", group="automem")
