"""Loop 1 as a stage of the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from automem.loops.loop import LoopDone, LoopEstimate
from automem.loops.purse import Purse
from automem.loops.reviewing import check_provider
from automem.loops.watching import Watching
from automem.models.lone import lone_router
from automem.plugins import Plugins
from automem.records.config import RunConfig
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem_meta.evolve.opening import Opened, open_config
from automem_meta.evolve.working import check_beginning, estimate_of, loop_of


@dataclass(frozen=True, slots=True)
class StagedEvolve:
    """What `automem.loops.loop.Loop` asks for."""

    opened: Opened

    @property
    def name(self) -> str:
        """Its section."""
        return self.opened.section.key

    def check(self) -> None:
        """Refuse a run that began otherwise, and a reviewer that cannot begin."""
        check_beginning(self.opened)
        if self.estimate(self.opened.run).at_most.reviews:
            check_provider(self.opened.section, self.opened.plugins)

    def estimate(self, source: RunFolder) -> LoopEstimate:
        """What is left to be done."""
        return estimate_of(self.opened, source)

    async def work(self, watching: Watching, purse: Purse) -> LoopDone:
        """Try until nothing is left to try; engines stay until then."""
        async with lone_router() as models:
            stop = await loop_of(self.opened, purse, watching, models.open).run()
        trials = read_ledger(self.opened.run.ledger, "scaffold")
        return LoopDone(
            name=self.name,
            why=stop.why,
            tried=len(trials),
            kept=sum(trial.verdict == "kept" for trial in trials),
            champion=stop.champion.name,
            champion_key=stop.champion.hash,
        )


def make_loop(config: RunConfig, plugins: Plugins) -> StagedEvolve:
    """Open loop 1 for a configuration. Raises ConfigError."""
    return StagedEvolve(open_config(config, plugins))
