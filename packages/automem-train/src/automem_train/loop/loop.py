"""Loop 2 from the ledger's end to its own: collect, recipe, data, training, gate, a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from anyio import to_thread

from automem.errors import (
    DataError,
    EvaluationUnfinished,
    ScaffoldError,
    TrainerError,
)
from automem.loops.beginning import keep_root, refuse_touched
from automem.loops.judging import Seeds, Sides, judge, own_failure
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
from automem.protocols import MetaProvider
from automem.records.ledger import Trial
from automem.records.review import ReviewOutcome, Spent
from automem.records.training import LoraSettings, TrainingJob
from automem.run.layout import RunFolder
from automem.run.ledger import append_trial, read_ledger
from automem.run.specialist import best_specialist
from automem.ui.words import plural
from automem_train.config import MOST_CONFIGURATIONS, TrainSection
from automem_train.loop.asking import form_of, task_of
from automem_train.loop.making import make_data, trained, with_data
from automem_train.loop.opening import Opened
from automem_train.loop.state import Stop, Turn, next_step
from automem_train.recipes.reading import read_recipe
from automem_train.recipes.telling import settings_text
from automem_train.training.running import ShowTraining, train, unseen_training


async def nothing_to_release() -> None:
    """Ends nothing."""


@dataclass(slots=True)
class Loop:
    """One run of loop 2. All that it knows is on disk: any of its steps may be the last."""

    opened: Opened
    player: Player
    """Of the configuration without an adapter."""
    release: Callable[[], Awaitable[None]] = nothing_to_release
    """Ends the engines, whose memory a training needs."""
    show_review: ShowReview = unseen_review
    show_training: ShowTraining = unseen_training

    @property
    def run_folder(self) -> RunFolder:
        """Where everything is."""
        return self.player.run

    @property
    def section(self) -> TrainSection:
        """`[train]`."""
        return self.opened.section

    async def run(self) -> Stop:
        """Try until nothing is left to try. Raises what reviews, training and play raise."""
        root = self.root()
        settings = self.settings(root)
        while True:
            trials = read_ledger(self.run_folder.ledger)
            step = next_step(root, trials, self.section, settings)
            if isinstance(step, Stop):
                return step
            refuse_touched(self.run_folder, self.opened.loop.report)
            job = self.opened.job(LoraSettings())
            await to_thread.run_sync(self.opened.trainer.check, job)
            append_trial(self.run_folder.ledger, await self._try(step, trials, settings))

    def root(self) -> Version:
        """What the run begins with. Raises ConfigError where the ledger began with another."""
        return keep_root(self.player, self.opened.loop.search)

    def settings(self, root: Version) -> str:
        """The hash of what makes results of this configuration comparable."""
        folder = self.player.folder(root.hash)
        return settings_of(self.player.plan(Side(folder), self.opened.loop.search))

    async def _try(self, step: Turn, trials: tuple[Trial, ...], settings: str) -> Trial:
        folder = self.player.folder(step.scaffold.hash)
        review_folder = self.run_folder.recipe_review(step.iteration, step.version)
        budget = self.player.purse.review_budget(self.section.review, review_folder)
        async with open_provider(self.section, self.player.plugins, budget) as provider:
            collected = await self.player.play(
                Side(folder), self.opened.train, f"{step.text}: turns to learn from"
            )
            outcome = await self._review(step, trials, review_folder, collected, provider)
        trial = Trial(
            kind="recipe",
            at=now(),
            settings=settings,
            revision=step.iteration,
            attempt=step.place,
            places=step.place,
            review=review_folder.relative_to(self.run_folder.path).as_posix(),
            parent=step.scaffold.hash,
            parent_name=step.scaffold.name,
            change=outcome.change,
            verdict="no_proposal",
            why=no_proposal(outcome),
            gate=self.section.gate,
            review_cost=outcome.spent if step.place == 1 else Spent(),
        )
        if outcome.reason != "finished":
            return trial
        try:
            recipe = read_recipe(review_folder / "overlay", most=MOST_CONFIGURATIONS)
            data = await make_data(self.run_folder, review_folder, recipe, collected.evaluations)
        except DataError as error:
            return ended(trial, "refused", shortened(self.run_folder, error))
        lora = recipe.lora[step.place - 1]
        job = with_data(self.opened.job(lora, data.path.name), data, self._told(step))
        trial = msgspec.structs.replace(
            trial,
            places=len(recipe.lora),
            candidate=job.key,
            candidate_name=f"{step.scaffold.name}+{trial.name}",
            change=f"{outcome.change.rstrip('.')} ({settings_text(lora)})",
        )
        return await self._trained(step, trials, trial, job)

    async def _review(
        self,
        step: Turn,
        trials: tuple[Trial, ...],
        folder: Path,
        collected: Played,
        provider: MetaProvider,
    ) -> ReviewOutcome:
        return await review(
            folder,
            task_of(step, trials, collected.evaluations),
            self.section,
            provider=provider,
            run=self.run_folder,
            plugins=self.player.plugins,
            purse=self.player.purse,
            title=f"{step.text}: review by {self.section.provider}; {champion_text(step)}",
            form=form_of(self.opened, step),
            show=self.show_review,
        )

    async def _trained(
        self, step: Turn, trials: tuple[Trial, ...], trial: Trial, job: TrainingJob
    ) -> Trial:
        """The trial with what training brought, and then the gate."""
        for earlier in trials:
            same = (earlier.candidate, earlier.parent) == (job.key, trial.parent)
            if same and (earlier.stages or earlier.verdict == "dropped"):
                why = f"it is the adapter of {earlier.name}, which was tried before"
                return ended(trial, "refused", why)
        title = f"{step.text}, configuration {step.place} of {trial.places}"
        limits = self.player.purse.left()
        await self.release()
        try:
            provenance = await train(
                job,
                self.opened.trainer,
                self.run_folder.adapters / job.key,
                title=f"{title}: training by {self.section.trainer}",
                show=self.show_training,
                seconds=limits.run_seconds,
            )
        except TrainerError as error:
            if not error.settings_failed:
                raise
            return ended(
                trial, "dropped", f"its training failed: {shortened(self.run_folder, error)}"
            )
        trial = msgspec.structs.replace(trial, trained=trained(job, provenance))
        return await self._judged(step, trial, title)

    async def _judged(self, step: Turn, trial: Trial, title: str) -> Trial:
        """The trial with the verdict of the gate: two-model play against one-model play."""
        alone = Side(self.player.folder(step.scaffold.hash))
        both = Side(alone.scaffold, adapter=str(self.run_folder.adapters / trial.candidate))
        judgment = await judge(
            self.opened.loop.gate,
            self.player,
            Sides(before=alone, after=both),
            Seeds(
                self.opened.loop.search,
                unused(self.run_folder, self.opened.loop.fresh),
                self.section.key,
            ),
            f"{title}; {champion_text(step)}",
        )
        trial = with_judgment(self.run_folder, trial, judgment)
        if not judgment.kept:
            return trial
        return await self._kept(trial, both, judgment.why, title)

    async def _kept(self, trial: Trial, both: Side, why: str, title: str) -> Trial:
        """The trial with the mean over all search seeds, by which specialists are ranked."""
        search = self.opened.loop.search
        try:
            trial = await on_other_seeds(self.player, trial, both, search, title)
            whole = await self.player.play(both, search, title)
        except (ScaffoldError, EvaluationUnfinished) as error:
            return ended(trial, "refused", shortened(self.run_folder, own_failure(error)))
        trial = msgspec.structs.replace(trial, mean=whole.mean[0])
        return ended(trial, "kept", why)

    def _told(self, step: Turn) -> str:
        """What was played for the data, in words."""
        seeds = plural(len(self.opened.train), "train seed")
        return f"{step.scaffold.name} ({step.scaffold.hash}), one model, {seeds}"


def champion_text(step: Turn) -> str:
    """The best specialist so far, as a display names it."""
    champion = best_specialist(step.earlier)
    kept = sum(trial.verdict == "kept" for trial in step.earlier)
    name = champion.candidate_name if champion else f"{step.scaffold.name} alone"
    return f"best so far {name} ({kept} kept, {len(step.earlier)} tried)"
