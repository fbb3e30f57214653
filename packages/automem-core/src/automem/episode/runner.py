"""Plays one episode from its first observation to its end, live or from a recording."""

from __future__ import annotations

import time
from dataclasses import dataclass

from automem.agent.protocol import Agent, Committed, Scene
from automem.episode.actions import invalid_prefix, resolve
from automem.episode.desk import EpisodeDesk
from automem.episode.limits import EpisodeLimit
from automem.episode.observing import Unchanged, observed
from automem.protocols import EnvironmentSession
from automem.records.environment import EnvironmentInfo, StepResult
from automem.records.result import EpisodeResult
from automem.records.scaffold import ActionRule
from automem.records.trace import Acted, Ended, Observed, Started, Warned


@dataclass(slots=True)
class EpisodeRunner:
    """One episode and everything it holds while it runs."""

    session: EnvironmentSession
    info: EnvironmentInfo
    """The environment's, with the run's own step limit."""
    agent: Agent
    desk: EpisodeDesk
    rule: ActionRule
    started: Started

    async def play(self) -> EpisodeResult:
        """Play to the end.

        Raises EnvironmentFailure, ModelError, LimitReached, ScaffoldError (all leave the episode
        unfinished, to be gone on with) and ReplayMismatch (it has to be begun anew).
        """
        self.desk.recorder.record(self.started)
        self._tell_restarts()
        self.desk.progress.wait("environment (reset)")
        first = await self.session.reset(self.desk.job.seed)
        scene = Scene(step=0, observed=self._observe(observed(0, first, self.info)))
        unchanged = Unchanged(self.info)
        try:
            while True:
                committed = await self.agent.act(scene, self.desk)
                acted, answer = await self._act(scene.step, committed)
                self.desk.memory.flush()
                scene = self._next_scene(scene, acted, answer, unchanged)
                reason = answer.ended or self._reached_steps(scene.step)
                if reason is not None:
                    break
        except EpisodeLimit as limit:
            reason = str(limit)
        return self._end(scene.step, reason)

    async def _act(self, step: int, committed: Committed) -> tuple[Acted, StepResult]:
        said, replaced = committed.said, committed.replaced
        resolved = resolve(said if replaced is None else replaced, self.info, self.rule)
        self.desk.progress.wait("environment")
        began = time.perf_counter()
        answer = await self.session.step(resolved.executed)
        acted = self.desk.recorder.record(
            Acted(
                step=step,
                said=said,
                executed=resolved.executed,
                valid=resolved.valid,
                reward=answer.reward,
                progression=answer.progression,
                benchmark_progression=answer.benchmark_progression,
                events=answer.events,
                success=answer.success,
                ended=answer.ended,
                seconds=round(time.perf_counter() - began, 6),
                replaced=replaced,
                refused=committed.refused,
            )
        )
        return acted, answer

    def _next_scene(
        self, scene: Scene, acted: Acted, answer: StepResult, unchanged: Unchanged
    ) -> Scene:
        step = scene.step + 1
        prefix = "" if acted.valid else invalid_prefix(acted.executed)
        seen = self._observe(observed(step, answer.observation, self.info, prefix))
        progress = self.desk.progress
        progress.step = step
        progress.progression = acted.progression
        progress.state = "replaying" if self.desk.recorder.replaying else "playing"
        return Scene(
            step=step,
            observed=seen,
            previous=scene.observed,
            acted=acted,
            unchanged=unchanged.after(scene.observed, acted, seen),
        )

    def _observe(self, event: Observed) -> Observed:
        self.desk.step = event.step
        self.desk.recorder.record(event)
        return event

    def _reached_steps(self, step: int) -> str | None:
        return "max_steps" if step >= self.info.max_steps else None

    def _tell_restarts(self) -> None:
        times = self.desk.job.restarts
        if times:
            text = f"begun anew {times} time(s): playing the recording again gave something else"
            self.desk.recorder.record(Warned(step=0, kind="restarted", text=text))

    def _end(self, step: int, reason: str) -> EpisodeResult:
        tally = self.desk.recorder.tally
        self.desk.recorder.record(
            Ended(
                step=step,
                reason=reason,
                progression=tally.progression,
                success=tally.success,
                totals=tally.totals(),
            )
        )
        self.desk.memory.flush()
        return EpisodeResult(
            environment=self.desk.job.environment,
            task=self.desk.job.task,
            seed=self.desk.job.seed,
            reason=reason,
            progression=tally.progression,
            benchmark_progression=tally.benchmark_progression,
            success=tally.success,
            reward=tally.reward,
            achievements=tally.achievements,
            totals=tally.totals(),
            versions={**self.started.versions, **self.info.versions},
            restarts=self.desk.job.restarts,
        )
