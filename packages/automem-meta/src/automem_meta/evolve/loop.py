"""Loop 1 from the ledger's end to its own: review, check, judge, write a line, and again."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from automem.errors import EvaluationUnfinished, RunError, ScaffoldError
from automem.loops.beginning import keep_root, refuse_touched
from automem.loops.judging import Seeds, Sides, judge, own_failure, play_bare
from automem.loops.playing import Played, Player, Side, settings_of
from automem.loops.reviewing import ShowReview, open_provider, review, unseen_review
from automem.loops.trying import (
    ended,
    no_proposal,
    now,
    on_other_seeds,
    shortened,
    unused,
    with_judgment,
)
from automem.loops.versions import Version
from automem.protocols import Gate, MetaProvider
from automem.records.ledger import Trial, WithoutCode
from automem.records.review import ReviewOutcome, ReviewTask
from automem.review.scaffolds.changes import changed
from automem.review.view import scaffold_folder
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial, read_ledger, trial_line
from automem.scaffold.content import texts
from automem.scaffold.load import Scaffold
from automem_meta.config import EvolveSection
from automem_meta.evolve.state import Stop, Try, next_step


@dataclass(slots=True)
class Loop:
    """One run of loop 1. All that it knows is on disk: any of its steps may be the last."""

    section: EvolveSection
    gate: Gate
    player: Player
    search: tuple[int, ...]
    fresh: tuple[int, ...]
    report: tuple[int, ...] = ()
    """Once one of these was played, nothing further is tried."""
    show_review: ShowReview = unseen_review

    @property
    def run_folder(self) -> RunFolder:
        """Where everything is."""
        return self.player.run

    async def run(self) -> Stop:
        """Try until nothing is left to try. Raises what reviews and evaluations raise."""
        root = self.root()
        while True:
            trials = read_ledger(self.run_folder.ledger, "scaffold")
            step = next_step(root, trials, self.section)
            if isinstance(step, Stop):
                return step
            refuse_touched(self.run_folder, self.report)
            append_trial(self.run_folder.ledger, await self._try(step, trials))

    def root(self) -> Version:
        """What the run begins with. Raises ConfigError where the ledger began with another."""
        return keep_root(self.player, self.search)

    async def _try(self, step: Try, trials: tuple[Trial, ...]) -> Trial:
        folder = self.player.folder(step.incumbent.hash)
        scaffold = self.player.keep(str(folder))
        review_folder = self.run_folder.review(step.revision, step.number)
        budget = self.player.purse.review_budget(self.section.review, review_folder)
        async with open_provider(self.section, self.player.plugins, budget) as provider:
            incumbent = await self.player.play(Side(folder), self.search, f"{step.text}: incumbent")
            outcome = await self._review(step, trials, incumbent, provider)
        plan = self.player.plan(Side(folder), self.search)
        trial = Trial(
            at=now(),
            settings=settings_of(plan),
            revision=step.revision,
            attempt=step.attempt,
            continuation=step.continuation,
            review=review_folder.relative_to(self.run_folder.path).as_posix(),
            parent=scaffold.hash,
            parent_name=scaffold.manifest.name,
            change=outcome.change,
            verdict="no_proposal",
            why=no_proposal(outcome),
            gate=self.section.gate,
            review_cost=outcome.spent,
        )
        if outcome.reason == "finished":
            return await self._judged(step, trials, trial, scaffold)
        return self._unfinished(trial, scaffold)

    def _unfinished(self, trial: Trial, incumbent: Scaffold) -> Trial:
        """A review that came to no end: refused where it left something that cannot be played."""
        overlay = self.run_folder.path / trial.review / "overlay"
        try:
            if changed(texts(incumbent.folder), texts(overlay)):
                self.player.keep(str(overlay))
        except ScaffoldError as error:
            return ended(trial, "refused", f"{trial.why}; {shortened(self.run_folder, error)}")
        return trial

    async def _review(
        self, step: Try, trials: tuple[Trial, ...], incumbent: Played, provider: MetaProvider
    ) -> ReviewOutcome:
        failed = step.failed
        previous = trials[-1] if trials else None
        task = ReviewTask(
            incumbent=step.incumbent.hash,
            evaluations=incumbent.evaluations,
            revision=step.revision,
            attempt=step.attempt,
            continuation=step.continuation > 0,
            previous_change=previous.change if previous else "",
            previous_result=f"{previous.verdict.replace('_', ' ')}: {previous.why}"
            if previous
            else "",
            failed_overlay=f"{failed.review}/overlay" if failed else "",
            failed_evaluations=failed.evaluations if failed else (),
            ledger=tuple(map(trial_line, trials)),
            memory_only=self.section.memory_only,
        )
        return await review(
            self.run_folder.review(step.revision, step.number),
            task,
            self.section,
            provider=provider,
            run=self.run_folder,
            plugins=self.player.plugins,
            purse=self.player.purse,
            title=f"{step.text}: review by {self.section.provider}; {champion_text(step, trials)}",
            show=self.show_review,
        )

    async def _judged(
        self, step: Try, trials: tuple[Trial, ...], trial: Trial, incumbent: Scaffold
    ) -> Trial:
        """The trial with the verdict of the check and of the gate."""
        overlay = self.run_folder.path / trial.review / "overlay"
        try:
            candidate = self.player.keep(str(overlay))
            trial = msgspec.structs.replace(
                trial, candidate=candidate.hash, candidate_name=candidate.manifest.name
            )
            self._refuse_repeated(candidate, incumbent, trials)
        except ScaffoldError as error:
            return ended(trial, "refused", shortened(self.run_folder, error))
        judgment = await judge(
            self.gate,
            self.player,
            Sides(before=Side(incumbent.folder), after=Side(candidate.folder)),
            Seeds(self.search, unused(self.run_folder, self.fresh)),
            f"{step.text}; {champion_text(step, trials)}",
        )
        trial = with_judgment(self.run_folder, trial, judgment)
        if not judgment.kept:
            return trial
        return await self._kept(step, trial, candidate, judgment.why)

    async def _kept(self, step: Try, trial: Trial, candidate: Scaffold, why: str) -> Trial:
        side = Side(candidate.folder)
        try:  # the next review looks at every search seed
            trial = await on_other_seeds(self.player, trial, side, self.search, step.text)
        except (ScaffoldError, EvaluationUnfinished) as error:
            return ended(trial, "refused", shortened(self.run_folder, own_failure(error)))
        if self.section.memory_only and candidate.code is not None:
            title = f"{step.text}: kept, now without its code"
            whole = await self.player.play(side, self.search, title)
            bare = await play_bare(self.player, side, self.search, title)
            if isinstance(bare, Played):
                mean, error = bare.mean
                trial = msgspec.structs.replace(
                    trial,
                    without_code=WithoutCode(
                        mean=mean,
                        standard_error=error,
                        with_code=whole.mean[0],
                        evaluations=bare.evaluations,
                    ),
                    play_cost=trial.play_cost + bare.cost,
                )
            else:
                why = f"{why}; without perceive and guard {shortened(self.run_folder, bare)}"
        return ended(trial, "kept", why)

    def _refuse_repeated(
        self, candidate: Scaffold, incumbent: Scaffold, trials: tuple[Trial, ...]
    ) -> None:
        """Refuse what is the incumbent, or was tried: playing it again would tell nothing."""
        content = texts(candidate.folder)
        if not changed(texts(incumbent.folder), content):
            raise ScaffoldError("nothing was changed")
        for trial in trials:
            if not trial.stages:
                continue
            try:
                before = texts(scaffold_folder(self.run_folder, trial.candidate))
            except RunError:
                continue  # it is lost, and can at worst be played again
            if not changed(before, content):
                raise ScaffoldError(f"it plays as {trial.candidate_name}, which was tried before")


def champion_text(step: Try, trials: tuple[Trial, ...]) -> str:
    """The best scaffold so far, as a display names it."""
    kept = sum(trial.verdict == "kept" for trial in trials)
    return f"best so far {step.incumbent.name} ({kept} kept, {len(trials)} tried)"
