"""Asks the trained model, for many episodes at once: whoever waits is answered with the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from automem.agent.protocol import Scene
from automem.errors import ModelError
from automem.records.model import Message
from automem.records.scaffold import Phase
from automem_tiny.engine import Ask, Engine

MOST_TOKENS = 96


@dataclass(slots=True)
class _Waiting:
    seed: int
    step: int
    ask: Ask
    answered: anyio.Event = field(default_factory=anyio.Event)
    text: str = ""


@dataclass(slots=True)
class Lockstep:
    """Answers when all living episodes wait, in the order of their seeds.

    So the batches, and with them the last bits of every answer, do not depend on the clock.
    """

    engine: Engine
    living: int = 0
    _waiting: list[_Waiting] = field(default_factory=list[_Waiting])

    async def answer(self, seed: int, step: int, ask: Ask) -> str:
        """The reply to a conversation of the episode with this seed. Raises ModelError."""
        mine = _Waiting(seed, step, ask)
        self._waiting.append(mine)
        self._go_on()
        await mine.answered.wait()
        return mine.text

    def leave(self) -> None:
        """One episode less is to be waited for."""
        self.living -= 1
        self._go_on()

    def _go_on(self) -> None:
        if not self._waiting or len(self._waiting) < self.living:
            return
        batch = sorted(self._waiting, key=lambda one: one.seed)
        self._waiting.clear()
        try:
            answers = self.engine.answer([one.ask for one in batch])
        except ModelError:
            self._say_whose(batch)
            raise
        for one, answer in zip(batch, answers, strict=True):
            one.text = answer.text
            one.answered.set()

    def _say_whose(self, batch: list[_Waiting]) -> None:
        """Raise what the engine says of the first conversation that it refuses, with its place."""
        for one in batch:
            try:
                self.engine.begin(one.ask)
            except ModelError as error:
                raise ModelError(
                    f"the episode with seed {one.seed} cannot go on at step {one.step}: {error}"
                ) from error


@dataclass(slots=True)
class Pupil:
    """A player that is the model."""

    lockstep: Lockstep
    temperature: float
    seed: int
    _calls: int = 0

    async def reply(self, phase: Phase, scene: Scene, talk: tuple[Message, ...]) -> str:
        """What the model says. Raises ModelError."""
        del phase
        self._calls += 1
        ask = Ask(
            messages=talk,
            temperature=self.temperature,
            max_tokens=MOST_TOKENS,
            seed=(self.seed * 100_000 + self._calls) & 0x7FFFFFFF,
        )
        return await self.lockstep.answer(self.seed, scene.step, ask)
