"""Episodes played in this process: the real agent, memory and game, and any player."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from automem.agent.conversation import Conversation
from automem.agent.logplan import LogPlan
from automem.agent.protocol import Scene
from automem.agent.rendering import PhasePrompts
from automem.episode.actions import invalid_prefix, resolve
from automem.episode.observing import Unchanged, observed
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.protocols import Environment
from automem.records.memory import Operation, OperationResult
from automem.records.model import Message, ModelReply, Role
from automem.records.scaffold import OperationRule, Phase
from automem.records.trace import Acted
from automem.scaffold.load import Scaffold

_BAD: Final = frozenset({"malformed", "refused", "missing"})


class Player(Protocol):
    """Who gives the replies."""

    async def reply(self, phase: Phase, scene: Scene, talk: tuple[Message, ...]) -> str:
        """What is said next in a conversation that ends in a user message."""
        ...


@dataclass(slots=True)
class Tally:
    """What an episode came to."""

    seed: int
    scaffold: str = ""
    steps: int = 0
    progression: float = 0.0
    achieved: list[str] = field(default_factory=list[str])
    replies: int = 0
    agreed: int = 0
    """Replies that were what a teacher would have said, where one was asked."""
    operations: int = 0
    bad_operations: int = 0
    bad_actions: int = 0
    log_writes: int = 0
    log_searches: int = 0
    consulted_steps: int = 0


@dataclass(slots=True)
class _Desk:
    """Implements `automem.agent.protocol.Desk` without a trace."""

    memory: MemoryStore
    player: Player
    tally: Tally
    scene: Scene
    code: None = None

    async def ask(self, role: Role, phase: Phase, conversation: Conversation) -> ModelReply:
        """Ask the player."""
        del role
        text = await self.player.reply(phase, self.scene, tuple(conversation.messages))
        conversation.answered(text)
        self.tally.replies += 1
        return ModelReply(text=text)

    def remember(
        self, phase: Phase, turn: int, rule: OperationRule, operation: Operation
    ) -> OperationResult:
        """Execute one memory operation."""
        result = execute(self.memory, rule, operation)
        tally = self.tally
        tally.operations += 1
        tally.bad_operations += result.outcome in _BAD
        if phase == "log":
            tally.log_writes += result.edit is not None or result.outcome == "duplicate"
            tally.log_searches += rule.kind == "search"
        elif turn == 0:
            tally.consulted_steps += 1
        return result

    def warn(self, kind: str, text: str) -> None:
        """Count what the grammar did not understand."""
        del text
        self.tally.bad_actions += kind in {"no_action", "action_in_log"}


Change = Callable[[Scene, str], Awaitable[str]]
"""What is really played, given what was chosen."""


@dataclass(slots=True)
class Stage:
    """A game and a scaffold, to play episodes on."""

    game: Environment
    scaffold: Scaffold
    most_steps: int = 2000
    hands_over: bool = False
    """Whether PLAN is played as by two roles, with a hand-off between them."""

    async def play(self, seed: int, player: Player, change: Change | None = None) -> Tally:
        """One episode."""
        info = self.game.info
        agent = LogPlan(PhasePrompts.of(self.scaffold, info), consults=self.hands_over)
        manifest = self.scaffold.manifest
        memory = MemoryStore(None, manifest, self.scaffold.files)
        tally = Tally(seed)
        scene = Scene(step=0, observed=observed(0, self.game.reset(seed), info))
        unchanged = Unchanged(info)
        desk = _Desk(memory, player, tally, scene)
        while True:
            committed = await agent.act(scene, desk)
            resolved = resolve(committed.said, info, manifest.actions)
            tally.bad_actions += not resolved.valid
            executed = resolved.executed
            if change is not None:
                executed = await change(scene, executed)
            answer = self.game.step(executed)
            acted = Acted(
                step=scene.step,
                said=committed.said,
                executed=executed,
                valid=resolved.valid,
                reward=answer.reward,
                progression=answer.progression,
                events=answer.events,
            )
            tally.progression = answer.progression
            tally.achieved += answer.events
            tally.steps = scene.step + 1
            prefix = "" if resolved.valid else invalid_prefix(executed)
            seen = observed(tally.steps, answer.observation, info, prefix)
            scene = Scene(
                step=tally.steps,
                observed=seen,
                previous=scene.observed,
                acted=acted,
                unchanged=unchanged.after(scene.observed, acted, seen),
            )
            desk.scene = scene
            if answer.ended is not None or tally.steps >= self.most_steps:
                return tally
