"""What an episode and an evaluation came to: `result.json` and `evaluation.json`."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.behaviour import Behaviour, BehaviourSummary
from automem.records.environment import Progression
from automem.records.trace import Totals


class EpisodeResult(Record):
    """One finished episode. Written last: its existence means that the episode is complete."""

    environment: str
    task: str
    seed: int
    reason: str
    """Why it ended: the game's own word, `max_steps`, or `limit: ...`."""
    progression: Progression
    benchmark_progression: Progression | None = None
    """As the benchmark's own code counts, where the game says so."""
    success: bool | None = None
    reward: float = 0.0
    """Sum over the episode."""
    achievements: dict[str, int] = {}
    """First time of each event, as a step number."""
    totals: Totals
    versions: dict[str, str] = {}
    """Of the game and its engine as it says them, of AutoMem's packages and of the plugins."""
    restarts: int = 0
    """How often it was begun anew because a replay did not match."""
    behaviour: Behaviour | None = None
    """None where it was not computed when the episode ended; the trace still gives it."""


class TaskScore(Record):
    """The episodes of one task."""

    task: str
    episodes: int
    mean: float
    """Mean progression, percent."""
    standard_error: float | None


class Unfinished(Record):
    """An episode without a result, and why."""

    task: str
    seed: int
    cause: str


class Evaluation(Record):
    """All episodes of one scaffold and its roles over fixed seeds; written when complete."""

    key: str
    name: str
    environment: str
    profile: str
    agent: str
    scaffold: str
    """Content hash; empty for an agent without a scaffold."""
    scaffold_name: str
    roles: dict[str, str]
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    mean: float
    """Mean progression in percent; over tasks first where there are several."""
    standard_error: float | None
    """With n - 1; None for a single episode."""
    balrog_standard_error: float
    """Population deviation over sqrt(n), the benchmark's own."""
    scores: tuple[TaskScore, ...]
    episodes: tuple[EpisodeResult, ...]
    versions: dict[str, tuple[str, ...]] = {}
    """What the episodes were played by; more than one version of anything is worth a look."""
    totals: Totals
    behaviour: BehaviourSummary | None = None
    """None where it was not computed; the traces still give it."""
