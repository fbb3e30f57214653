"""Whole episodes of MiniHack's tasks; and the same without a memory."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field

import msgspec
import pytest

from automem.agent.conversation import Conversation
from automem.agent.logplan import LogPlan
from automem.agent.protocol import Scene
from automem.agent.rendering import PhasePrompts
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.environment import Observation
from automem.records.memory import WRITING_KINDS, Operation, OperationResult
from automem.records.model import ModelReply, ModelRequest, Role
from automem.records.scaffold import OperationRule, Phase
from automem.records.trace import Acted, Observed
from automem_backends.rules.player import RulesOptions, RulesPlayer
from automem_envs.minihack.environment import MiniHack
from automem_envs.minihack.options import MiniHackOptions


@dataclass
class Desk:
    """Asks the rules and keeps their memory, or answers every look-up with nothing."""

    memory: MemoryStore
    forgets: bool
    player: RulesPlayer = field(default_factory=lambda: RulesPlayer(None, None, RulesOptions()))
    code: None = None

    async def ask(self, role: Role, phase: Phase, conversation: Conversation) -> ModelReply:
        reply = await self.player.complete(ModelRequest(messages=tuple(conversation.messages)))
        conversation.answered(reply.text)
        return reply

    def remember(
        self, phase: Phase, turn: int, rule: OperationRule, operation: Operation
    ) -> OperationResult:
        result = execute(self.memory, rule, operation)
        assert result.outcome not in {"malformed", "refused"}
        if self.forgets and rule.kind not in WRITING_KINDS:
            return msgspec.structs.replace(result, text="")
        return result

    def warn(self, kind: str, text: str) -> None:
        raise AssertionError(f"{kind}: {text}")


def played(scaffold, task: str, seed: int, *, forgets: bool = False) -> bool:
    """Play one episode of the game itself; gives whether it was solved."""
    game = MiniHack(task, MiniHackOptions())
    scaffold = scaffold.for_task(task)
    desk = Desk(MemoryStore(None, scaffold.manifest, scaffold.files), forgets)
    if forgets:
        bare = msgspec.structs.replace(scaffold.manifest, inject=())
        scaffold = dataclasses.replace(scaffold, manifest=bare)
    agent = LogPlan(PhasePrompts.of(scaffold, game.info))

    async def play() -> bool:
        scene = Scene(step=0, observed=_observed(game.reset(seed)))
        while scene.step < game.info.max_steps:
            action = (await agent.act(scene, desk)).said
            assert action in game.info.actions
            answer = game.step(action)
            if answer.ended:
                return bool(answer.success)
            scene = Scene(
                step=scene.step + 1,
                observed=_observed(answer.observation),
                previous=scene.observed,
                acted=Acted(
                    step=scene.step,
                    said=action,
                    executed=action,
                    valid=True,
                    reward=answer.reward,
                    progression=answer.progression,
                ),
            )
        return False

    solved = asyncio.run(play())
    game.close()
    return solved


def _observed(observation: Observation) -> Observed:
    return Observed(step=0, text=observation.text, status=observation.status, hash="")


def test_a_maze_is_walked_to_its_end_with_a_memory_and_not_without(scaffold):
    assert played(scaffold, "MiniHack-MazeWalk-9x9-v0", 42)
    assert not played(scaffold, "MiniHack-MazeWalk-9x9-v0", 42, forgets=True)


@pytest.mark.parametrize(
    ("task", "seed"),
    [
        ("MiniHack-Corridor-R3-v0", 44),
        ("MiniHack-CorridorBattle-Dark-v0", 46),
        ("MiniHack-Quest-Easy-v0", 43),
        ("MiniHack-Quest-Medium-v0", 45),
    ],
)
def test_a_task_is_solved(scaffold, task, seed):
    assert played(scaffold, task, seed)


LEVEL = (
    "##########",
    "########.#",
    "#######..#",
    "#######`.#",
    "#######..#",
    "######{.{#",
    "######.`{#",
    "#####..#`#",
    "#####{.`@#",
    "##########",
)
SEEN = "bars 1 step away east\nboulder 1 step away west\nfountain 3-5 steps away west"


def test_a_plan_for_boulders_is_worked_out_written_down_and_followed(
    scaffold, make_table, draw, act, note
):
    table, four = make_table(scaffold), ("north", "east", "south", "west")
    begin = draw(*LEVEL, seen=SEEN)
    first = act(table, begin, actions=four, step=0)
    assert first in four
    moved = draw(*LEVEL[:6], "######{`{#", "#####..#@#", "#####{.`.#", LEVEL[9], seen=SEEN)
    note(table, begin, first, moved, 1, actions=four)
    notes = "\n".join(table.store.files().values())
    assert "Plan from step 1:" in notes
    assert "goal" in notes
    following = notes.split("Plan from step 1: ")[1].split(".")[0].split()
    scene = {"actions": four, "previous_observation": begin, "action": first}
    assert act(table, moved, step=1, **scene) == following[0]
