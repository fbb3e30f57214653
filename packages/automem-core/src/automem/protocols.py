"""The contracts between the engine and what plugins provide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from automem.records.environment import EnvironmentInfo, Frame, Observation, StepResult
from automem.records.gate import Pair, Verdict
from automem.records.model import ModelReply, ModelRequest
from automem.records.result import EpisodeResult
from automem.records.review import (
    AnyReviewEvent,
    MetaTurn,
    ReviewBudget,
    ToolAnswer,
    ToolCall,
    ToolSpec,
)
from automem.records.trace import AnyEvent
from automem.records.training import Launch, TrainingJob


class Environment(Protocol):
    """A text game; all that a game's author writes. It lives in a worker process.

    The same seed and actions must give the same episode, in any process. Anything may be raised:
    the engine reports it as a failure of the environment, never as a score.
    """

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself; constant over an episode."""
        ...

    def reset(self, seed: int) -> Observation:
        """Begin an episode."""
        ...

    def step(self, action: str) -> StepResult:
        """Play one action, one of `info.actions` if there are any."""
        ...

    def frame(self) -> Frame | None:
        """Draw the present state without changing it; None if there is nothing to draw."""
        ...

    def close(self) -> None:
        """Release what is held. May be called twice."""
        ...


class EnvironmentSession(Protocol):
    """One environment as the host sees it: the same verbs, answered by a worker."""

    @property
    def info(self) -> EnvironmentInfo:
        """What the game says of itself."""
        ...

    async def reset(self, seed: int) -> Observation:
        """Begin an episode. Raises EnvironmentFailure."""
        ...

    async def step(self, action: str) -> StepResult:
        """Play one action. Raises EnvironmentFailure."""
        ...

    async def frame(self) -> Frame | None:
        """Draw the present state."""
        ...


class Backend(Protocol):
    """A source of answers: an engine behind HTTP, or something embedded.

    It makes one attempt per call; queueing, retries, deadlines and accounting are the engine's.
    """

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer one conversation. Raises ModelError, with `retryable` set where it may pass."""
        ...

    async def aclose(self) -> None:
        """Release connections. May be called twice."""
        ...


class RunView(Protocol):
    """What a subscriber may know of the run it watches."""

    @property
    def path(self) -> Path:
        """The run's folder."""
        ...

    @property
    def name(self) -> str:
        """The run's name."""
        ...


class Subscriber(Protocol):
    """Told of everything that happens, in order, for each episode."""

    def on_event(self, task: str, seed: int, event: AnyEvent) -> None:
        """Told of a trace event just after it was written. Must return quickly."""
        ...

    def on_result(self, result: EpisodeResult) -> None:
        """Told that an episode is complete."""
        ...


class Gate(Protocol):
    """Says whether a change is kept, from the same seeds played before and after it.

    A pure function of the pairs, so that an interrupted loop comes to the same verdict again.
    """

    @property
    def most_seeds(self) -> int:
        """The most seeds it ever asks for; what one candidate can cost."""
        ...

    def judge(self, pairs: Sequence[Pair]) -> Verdict:
        """Keep, drop, or ask for further seeds. No pairs at all asks for the first ones."""
        ...


class ReviewDesk(Protocol):
    """What a meta-LLM has before it in a review; everything done here is in the transcript."""

    @property
    def instructions(self) -> str:
        """The system prompt: what a review is, and what it must not do."""
        ...

    @property
    def brief(self) -> str:
        """The first message: this review's task."""
        ...

    @property
    def folder(self) -> Path:
        """The review's own, for a provider that works with files instead of tools."""
        ...

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What may be called."""
        ...

    @property
    def budget(self) -> ReviewBudget:
        """What the review may use in all its sittings; it may have been changed between two."""
        ...

    @property
    def events(self) -> Sequence[AnyReviewEvent]:
        """The transcript so far: a review that was interrupted goes on from here."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the tool `finish` was called and accepted."""
        ...

    def allow(self) -> str:
        """To be asked before every turn: what to tell the model of its budget, mostly nothing.

        What it tells is in the transcript already. Raises LimitReached when the budget is spent.
        """
        ...

    def said(self, turn: MetaTurn) -> None:
        """Write a turn into the transcript, and charge it."""
        ...

    def note(self, text: str) -> None:
        """Write down what the provider itself told the model, such as to go on."""
        ...

    async def call(self, call: ToolCall) -> ToolAnswer:
        """Use a tool. A wrong call is answered with what is wrong, never with an exception.

        Raises LimitReached when the budget of tool calls is spent.
        """
        ...


class MetaProvider(Protocol):
    """A meta-LLM. `make(model, options)` gives one."""

    async def review(self, desk: ReviewDesk) -> None:
        """Work at the desk until it is finished, the model gives up, or the budget is spent.

        A desk with events is a review that was interrupted: it goes on, and no turn in the
        transcript is paid for again. Every wait needs a limit of its own: nobody else sets one.
        Raises MetaError when the provider fails for good, and LimitReached.
        """
        ...

    async def aclose(self) -> None:
        """Release connections. May be called twice."""
        ...


class Trainer(Protocol):
    """Turns a job into an adapter, in a process of its own. `make(options)` gives one.

    The process reads `job.json` in its folder and appends a `TrainingStep` to `progress.jsonl`
    after each step. It keeps in `checkpoint/` what it needs to go on from where it was killed:
    lines of `progress.jsonl` behind that are cut off again. In the end it leaves the adapter in
    peft's form, `adapter_config.json` and `adapter_model.safetensors`, and `provenance.json`
    behind them. Where it fails it says why in `failure.txt` and ends with another status than 0:
    65 where the job's own settings are the cause. At SIGTERM it keeps a checkpoint and ends.
    """

    @property
    def processes(self) -> int:
        """How many it starts to train together, for the job: what is learned depends on it."""
        ...

    def check(self, job: TrainingJob) -> None:
        """Refuse what cannot be done here, before anything is paid for it. Raises TrainerError.

        A loop asks before it plays, too: `examples` and `data` are then empty, `lora` is usual.
        """
        ...

    def launch(self, folder: Path) -> Launch:
        """How the process for this folder is started. Raises TrainerError, PluginError."""
        ...
