"""A run's configuration: one TOML file, `run.toml` once resolved."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from automem.records._struct import Record
from automem.records.model import Sampling

Count = Annotated[int, Meta(ge=1)]
Amount = Annotated[float, Meta(ge=0.0)]
Above = Annotated[float, Meta(gt=0.0)]
Seeds = tuple[int, ...] | int | str
"""A list, a single one, or text such as `100 from 1000`."""


class RunSection(Record):
    """Keys of `[run]`."""

    name: str
    folder: str = "runs"
    """Where run folders are made."""


class EnvironmentSection(Record):
    """`[environment]`; keys that are not listed here go to the environment's own options."""

    name: str
    tasks: tuple[str, ...] = ()
    """Empty is all its tasks."""
    max_steps: Count | None = None
    """Fewer steps than the environment's own limit."""
    options: dict[str, Any] = {}


class AgentSection(Record):
    """Keys of `[agent]`."""

    name: str = "logplan"
    """`logplan` (memory files), or a baseline without them: `window`."""
    history: Count = 10
    """`window`: how many past observations are shown."""
    chain_of_thought: bool = False
    """`window`: ask for reasoning before the action."""


class ScaffoldSection(Record):
    """Keys of `[scaffold]`."""

    source: str = ""
    """`from` in the file: a scaffold's name, or a path to its folder."""


class RoleSection(Record):
    """`[roles.default]`, `[roles.memory]`, `[roles.gameplay]`; other keys go to the backend."""

    backend: str | None = None
    model: str | None = None
    adapter: str | None = None
    sampling: Sampling = Sampling()
    """`temperature`, `top_p`, `max_tokens`, `stop` in the file."""
    seeded: bool = False
    """Send a seed of its own with each call."""
    concurrency: Count | None = None
    """Most calls at once; the limiter finds the best number below it."""
    timeout_seconds: Annotated[float, Meta(gt=0.0)] = 600.0
    """One deadline over a call and all its retries."""
    retries: Annotated[int, Meta(ge=0)] = 8
    price: tuple[Amount, Amount, Amount] | None = None
    """US dollars per million input, cached input and output tokens; else the price table."""
    options: dict[str, Any] = {}


class SeedsSection(Record):
    """`[seeds]`: three disjoint lists."""

    search: Seeds = ()
    train: Seeds = ()
    report: Seeds = ()


class LimitsSection(Record):
    """`[limits]`; None is no limit. Reaching one of an episode ends it; one of the run stops it."""

    episode_tokens: Count | None = None
    episode_cost: Amount | None = None
    episode_seconds: Amount | None = None
    run_tokens: Count | None = None
    run_cost: Amount | None = None
    run_seconds: Amount | None = None


class EvaluationSection(Record):
    """Keys of `[evaluation]`."""

    seeds: str = "search"
    """Which of the three lists is played."""
    episodes_at_once: Count | None = None
    """None plays all of them at once."""
    workers: Count | None = None
    """Environment processes; None is one a core."""
    memory_only: bool = False
    """Play without the scaffold's `perceive` and `guard`, so that memory alone is measured."""
    unsafe_code: bool = False
    """Play a scaffold's code also where nothing keeps it in."""


class AssumedSection(Record):
    """`[pipeline.assumed]`: what an estimate goes by where nothing was measured; None is unknown.

    Nothing but estimates reads it.
    """

    source: str = ""
    """Where the figures come from, in a sentence that is told with the estimate."""
    steps: Above | None = None
    """Of an episode, which has no more than `[environment] max_steps`; None is as many."""
    calls: Above | None = None
    """Model calls of a step."""
    input_tokens: Amount | None = None
    """Of a call, cached ones included; likewise `output_tokens`."""
    output_tokens: Amount | None = None
    cached: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    """Share of the input that the engine has cached."""
    prefill: Above | None = None
    """Uncached input tokens a second, of all GPUs of the engine, with all episodes at once."""
    decode: Above | None = None
    """Output tokens a second, likewise."""
    gpus: Amount = 0.0
    """Of the engine; 0 where there are none, or they are somebody else's."""
    steps_per_second: Above | None = None
    """Of all episodes at once, model, memory and game together; None is what `prefill` and
    `decode` come to."""
    review_turns: Amount | None = None
    """Of one review; likewise `review_tokens` and `review_cost`."""
    review_tokens: Amount | None = None
    review_cost: Amount | None = None
    """US dollars."""
    training_tokens: Amount | None = None
    """Of one training, all epochs together."""
    training: Above | None = None
    """Tokens a second of a training."""
    training_gpus: Amount = 0.0


class PipelineSection(Record):
    """`[pipeline]`: what is played in the end, and how the page shows it."""

    baselines: bool = True
    """Also play the two agents without memory files: a window of observations, with and without
    chain of thought."""
    memory_only: bool = True
    """Also play each scaffold that has code without its `perceive` and `guard`."""
    replayed: Count = 2
    """So many report seeds are replayed in the page, every version side by side."""
    frames: Literal["none", "key", "all"] = "key"
    """Pictures of the replay: none, those of every tenth step and of events, or all."""
    assumed: AssumedSection = AssumedSection()


class RunConfig(Record):
    """The whole file."""

    run: RunSection
    environment: EnvironmentSection
    agent: AgentSection = AgentSection()
    scaffold: ScaffoldSection = ScaffoldSection()
    roles: dict[str, RoleSection] = {}
    """`default`, and what differs for `memory` and `gameplay`."""
    seeds: SeedsSection = SeedsSection()
    limits: LimitsSection = LimitsSection()
    evaluation: EvaluationSection = EvaluationSection()
    evolve: dict[str, Any] = {}
    """Checked by the package that plays loop 1."""
    train: dict[str, Any] = {}
    """Checked by the package that plays loop 2."""
    pipeline: PipelineSection = PipelineSection()
