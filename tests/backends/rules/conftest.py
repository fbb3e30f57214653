"""Conversations as the engine makes them: real scaffolds, real memory, scenes written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from automem.memory.grammar import Reply, parse
from automem.memory.operations import execute, inject
from automem.memory.store import MemoryStore
from automem.records.model import Message, ModelReply, ModelRequest
from automem.records.scaffold import Phase
from automem.scaffold.context import PromptContext, StaticContext
from automem.scaffold.load import Scaffold, load_scaffold
from automem.scaffold.prompts import Prompts
from automem.scaffold.text import index_text, operations_text, purposes_text
from automem_backends.rules.player import RulesOptions, RulesPlayer
from automem_envs.crafter.scaffolds import crafter_map, crafter_v0

FULL = "Your status:\n- health: 9/9\n- food: 9/9\n- drink: 9/9\n- energy: 9/9\n\n"
EMPTY = FULL + "You have nothing in your inventory."
MEADOW = "You see:\n- grass 1 step to your west\n\nYou face grass at your front."


def answer(messages: list[Message], options: RulesOptions | None = None) -> ModelReply:
    player = RulesPlayer(None, None, options or RulesOptions())
    return asyncio.run(player.complete(ModelRequest(messages=tuple(messages))))


@dataclass
class Table:
    """One episode's memory, at which phases are played."""

    scaffold: Scaffold
    store: MemoryStore
    asked: list[list[Message]] = field(default_factory=list[list[Message]])
    replies: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, scaffold: Scaffold) -> Table:
        return cls(scaffold, MemoryStore(None, scaffold.manifest, scaffold.files))

    def begin(self, phase: Phase, **scene: object) -> list[Message]:
        """The messages a phase begins with."""
        prompts = Prompts(self.scaffold)
        context = self._context(phase, scene)
        static = StaticContext(
            **{name: getattr(context, name) for name in StaticContext.__struct_fields__}
        )
        return [
            Message(role="system", content=prompts.system(static)),
            Message(role="user", content=prompts.render(phase, context)),
        ]

    def play(self, phase: Phase, **scene: object) -> Reply:
        """Play a phase to its end, carrying its operations out; gives the last reply."""
        messages = self.begin(phase, **scene)
        prompts = Prompts(self.scaffold)
        vocabulary = self.scaffold.vocabulary(phase)
        for turn in range(1, 8):
            self.asked.append(list(messages))
            text = answer(messages).text
            self.replies.append(text)
            reply = parse(text, vocabulary)
            assert not reply.broken, reply.broken
            results = [
                execute(self.store, vocabulary[operation.name], operation)
                for operation in reply.operations
            ]
            assert all(result.outcome not in {"malformed", "refused"} for result in results)
            if reply.ending is not None:
                return reply
            shown = "\n\n".join(f"[{result.operation}]\n{result.text}" for result in results)
            context = self._context(phase, {**scene, "results": shown, "turn": turn})
            messages.append(Message(role="assistant", content=text))
            messages.append(
                Message(role="user", content=prompts.render(f"{phase}_continue", context))
            )
        raise AssertionError("the phase did not end")

    def _context(self, phase: Phase, scene: dict[str, object]) -> PromptContext:
        manifest = self.scaffold.manifest
        fields: dict[str, object] = {
            "instructions": "Survive and make tools.",
            "actions": ("Noop", "Move West", "Do"),
            "action_help": {"Do": "act on what you face"},
            "max_steps": 2000,
            "task": "default",
            "vocabulary": operations_text(manifest.operation, None),
            "purposes": purposes_text(manifest),
            "step": 0,
            "observation": MEADOW,
            "status": EMPTY,
            "previous_observation": "",
            "previous_status": "",
            "action": "",
            "reward": 0.0,
            "events": (),
            "notices": (),
            "operations": operations_text(manifest.operation, phase),
            "files": self.store.index(),
            "index": index_text(self.store.index()),
            "slots": {
                rule.slot: inject(self.store, rule)
                for rule in manifest.inject
                if phase in rule.phases
            },
            "results": "",
            "turn": 0,
            "turns_left": 6,
        }
        return PromptContext(**{**fields, **scene})


@pytest.fixture(params=["crafter-v0", "crafter-map"])
def table(request: pytest.FixtureRequest) -> Table:
    """An empty memory of each of the two scaffolds."""
    folder = crafter_v0() if request.param == "crafter-v0" else crafter_map()
    return Table.of(load_scaffold(folder))


@pytest.fixture
def make_table() -> Callable[[Scaffold], Table]:
    return Table.of


@pytest.fixture
def ask() -> Callable[..., ModelReply]:
    return answer
