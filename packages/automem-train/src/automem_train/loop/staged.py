"""Loop 2 as a stage of the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from automem.loops.loop import LoopDone, LoopEstimate
from automem.loops.purse import Purse
from automem.loops.reviewing import check_provider
from automem.loops.watching import Watching
from automem.models.lone import lone_router
from automem.plugins import Plugins
from automem.records.config import RunConfig
from automem.records.training import LoraSettings
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem_train.loop.opening import Opened, open_config
from automem_train.loop.working import check_beginning, estimate_of, loop_of


@dataclass(frozen=True, slots=True)
class StagedTrain:
    """What `automem.loops.loop.Loop` asks for."""

    opened: Opened

    @property
    def name(self) -> str:
        """Its section."""
        return self.opened.section.key

    def check(self) -> None:
        """Refuse a run that began otherwise, a trainer that cannot work here, a missing key.

        Loop 1 is paid for before this one begins.
        """
        check_beginning(self.opened)
        left = self.estimate(self.opened.run).at_most
        if left.reviews:
            check_provider(self.opened.section, self.opened.plugins)
        if left.trainings:
            self.opened.trainer.check(self.opened.job(LoraSettings()))

    def estimate(self, source: RunFolder) -> LoopEstimate:
        """What is left to be done."""
        return estimate_of(self.opened, source)

    async def work(self, watching: Watching, purse: Purse) -> LoopDone:
        """Try until nothing is left to try; engines are ended before each training."""
        async with lone_router() as models:
            stop = await loop_of(self.opened, purse, watching, models).run()
        trials = read_ledger(self.opened.run.ledger, "recipe")
        champion = stop.champion
        return LoopDone(
            name=self.name,
            why=stop.why,
            tried=len(trials),
            kept=sum(trial.verdict == "kept" for trial in trials),
            champion=champion.candidate_name if champion else "",
            champion_key=champion.candidate if champion else "",
        )


def make_loop(config: RunConfig, plugins: Plugins) -> StagedTrain:
    """Open loop 2 for a configuration. Raises ConfigError."""
    return StagedTrain(open_config(config, plugins))
