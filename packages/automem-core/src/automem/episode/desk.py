"""The agent's desk in a running episode: model calls and memory operations become events here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from automem.agent.conversation import Conversation
from automem.episode.answers import Answers
from automem.episode.code import EpisodeCode
from automem.episode.job import EpisodeJob
from automem.episode.limits import RunBudget, check_episode
from automem.episode.progress import EpisodeProgress
from automem.episode.recorder import Recorder
from automem.errors import ModelError
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.memory import Operation, OperationResult
from automem.records.model import ModelReply, ModelRequest, Role
from automem.records.scaffold import OperationRule, Phase
from automem.records.trace import Asked, Remembered, Warned


@dataclass(slots=True)
class EpisodeDesk:
    """Implements `automem.agent.protocol.Desk` for one episode."""

    job: EpisodeJob
    answers: Answers
    memory: MemoryStore
    recorder: Recorder
    budget: RunBudget
    progress: EpisodeProgress
    code: EpisodeCode | None = None
    step: int = 0
    _calls: int = field(default=0)

    async def ask(self, role: Role, phase: Phase, conversation: Conversation) -> ModelReply:
        """Ask, or take the recorded answer. Raises ModelError, LimitReached, EpisodeLimit."""
        turn = conversation.turns
        new = conversation.new()
        call = self._calls
        self._calls += 1
        check_episode(self.job.limits, self.recorder.tally)
        asked = self.recorder.answered(self.step, phase, turn, role, new)
        if asked is None:
            self.budget.check()
            asked = await self._call(role, phase, turn, conversation, call)
        tally = self.recorder.tally
        self.budget.count(self.job.name, self.job.restarts, tally.tokens, tally.cost)
        self.progress.tokens = tally.tokens
        self.progress.cost = tally.cost
        conversation.answered(asked.reply)
        return ModelReply(
            text=asked.reply,
            usage=asked.usage,
            finish=asked.finish,
            model=asked.model,
            seconds=asked.seconds,
            waited_seconds=asked.waited_seconds,
            retries=asked.retries,
            cost=asked.cost,
        )

    async def _call(
        self, role: Role, phase: Phase, turn: int, conversation: Conversation, call: int
    ) -> Asked:
        name = f"{self.job.name}/{call}"
        request = ModelRequest(
            messages=tuple(conversation.messages),
            sampling=self.answers.sampling(role),
            seed=_seed(name) if self.answers.seeded(role) else None,
            identity=f"{self.job.key}/{name}",
        )
        self.progress.wait(f"{role} ({phase}, turn {turn})")
        try:
            reply = await self.answers.ask(role, request, on_retry=self._tell_retry)
        except ModelError as error:
            self.recorder.record(
                Asked(
                    step=self.step,
                    phase=phase,
                    turn=turn,
                    role=role,
                    model=self.answers.describe(role),
                    messages=conversation.new(),
                    error=str(error),
                )
            )
            raise
        asked = Asked(
            step=self.step,
            phase=phase,
            turn=turn,
            role=role,
            model=reply.model,
            messages=conversation.new(),
            reply=reply.text,
            finish=reply.finish,
            usage=reply.usage,
            seconds=round(reply.seconds, 6),
            waited_seconds=round(reply.waited_seconds, 6),
            retries=reply.retries,
            cost=reply.cost,
        )
        self.recorder.record(asked)
        return asked

    def remember(
        self, phase: Phase, turn: int, rule: OperationRule, operation: Operation
    ) -> OperationResult:
        """Execute one operation and write down what it did."""
        result = execute(self.memory, rule, operation)
        if self.code is not None and phase == "log" and result.edit is not None:
            self.code.log_writes += 1
        self.recorder.record(
            Remembered(
                step=self.step,
                phase=phase,
                turn=turn,
                operation=result.operation,
                kind=result.kind,
                file=result.file,
                arguments=operation.arguments,
                outcome=result.outcome,
                result=result.text,
                hits=result.hits,
                bytes_before=result.bytes_before,
                bytes_after=result.bytes_after,
                edit=result.edit,
            )
        )
        return result

    def warn(self, kind: str, text: str) -> None:
        """Write down something a reader should know."""
        self.recorder.record(Warned(step=self.step, kind=kind, text=text))
        if kind not in _ORDINARY:
            self.progress.note = text

    def _tell_retry(self, role: Role, tries: int, seconds: float, error: ModelError) -> None:
        self.progress.note = f"{role}: try {tries} failed, next in {seconds:.0f} s: {error}"


_ORDINARY: Final = frozenset({"action_by_memory"})
"""Kinds that a display would be full of: a memory role that once played alone acts all the time."""


def _seed(name: str) -> int:
    """A seed of one call: a pure function of episode and call number."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) & 0x7FFFFFFF
