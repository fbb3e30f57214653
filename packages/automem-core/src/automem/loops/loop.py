"""What a loop is to the pipeline: checked, foretold, and worked through to its end."""

from __future__ import annotations

from typing import Protocol

from automem.loops.purse import Purse
from automem.loops.watching import Watching
from automem.records._struct import Record
from automem.run.layout import RunFolder


class Amounts(Record):
    """What some work comes to; None where nothing was measured that says so."""

    tries: float
    episodes: float
    """Of play: of what is tried, of what it is judged against, and those that are learned from."""
    steps: float | None
    calls: float | None
    tokens: float | None
    cost: float | None
    """US dollars."""
    hours: float | None
    """With so many episodes at once as a stage has."""
    review_turns: float | None
    review_tokens: float | None
    review_cost: float | None
    review_hours: float | None
    reviews: float = 0.0
    """That the four amounts before are of."""
    trainings: float = 0.0
    training_tokens: float | None = 0.0
    """Of all examples, once for each epoch."""
    training_hours: float | None = 0.0


class LoopEstimate(Record):
    """What is left to be done."""

    if_nothing_helps: Amounts
    """Where no change has an effect, which is the least a loop does before it gives up."""
    at_most: Amounts
    """Where each revision takes all its tries, and each is judged to the end."""
    kept: int = 0
    """Versions that were kept so far, without what the run began with."""
    may_keep: int = 0
    """Versions that there may be in the end, those kept so far included."""
    report_episodes: int = 0
    """That a table of this loop alone plays afterwards, with as many versions as may be kept."""
    measured_episodes: int
    measured_in: str
    """The run whose episodes were measured; empty where there are none."""
    assumed: str = ""
    """Where the figures of an episode come from that was not measured; empty where nothing says."""
    notes: tuple[str, ...]
    unmeasured: tuple[str, ...] = ()
    """Those of the notes that something assumed in place of a measurement makes pointless."""


class LoopDone(Record):
    """How a loop ended."""

    name: str
    why: str
    """Why nothing is left to try."""
    tried: int
    """Lines of the ledger."""
    kept: int
    champion: str
    """The best version, by its name; empty where nothing was ever kept."""
    champion_key: str
    """Its content hash, or the key of its adapter."""


class Loop(Protocol):
    """One loop that improves the agent, opened for one configuration.

    `make(config, plugins)` gives one, and refuses a configuration that it cannot work with, by
    a ConfigError with the path of the key; it asks nobody and writes nothing. Its settings are
    the section of the configuration that is called as the loop is. All that it knows is in the
    run's folder, so that any of its steps may be the last, and `work` goes on from there.
    """

    @property
    def name(self) -> str:
        """`evolve` or `train`: its section."""
        ...

    def check(self) -> None:
        """Refuse a run that cannot be gone on with, before anything is written.

        Raises ConfigError where the run began with something else, ScaffoldError and RunError.
        """
        ...

    def estimate(self, source: RunFolder) -> LoopEstimate:
        """What is left, by what the episodes of the run `source` took; nothing is written.

        Raises ScaffoldError, RunError.
        """
        ...

    async def work(self, watching: Watching, purse: Purse) -> LoopDone:
        """Try until nothing is left to try, in a run that is held already.

        A loop that has ended says so and plays nothing. One that has something left refuses it,
        by a RunError, once a report seed was played. `purse` keeps the limits of the run over all
        that one command does. Engines that were started for it are ended when it returns.
        """
        ...
