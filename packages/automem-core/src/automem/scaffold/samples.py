"""Contexts that no game was needed for: prompts must render on an empty start and on long texts."""

from __future__ import annotations

import msgspec

from automem.memory.operations import file_notices
from automem.memory.store import MemoryStore
from automem.records.environment import EnvironmentInfo
from automem.records.scaffold import Manifest
from automem.scaffold.context import PromptContext
from automem.scaffold.load import Scaffold
from automem.scaffold.text import index_text, operations_text, static_context

_LONG = 20_000


def sample_contexts(scaffold: Scaffold, info: EnvironmentInfo | None) -> tuple[PromptContext, ...]:
    """The first step, an ordinary one, and one where everything is long. No slots are filled."""
    first = _first(scaffold, info or some_game(scaffold.manifest))
    ordinary = msgspec.structs.replace(
        first,
        step=7,
        observation="You see a tree 2 steps to your north.\n\nYou face grass.",
        status="health: 9\nfood: 8",
        previous_observation="You see grass.",
        previous_status="health: 9\nfood: 9",
        action=first.actions[0] if first.actions else "look",
        reward=1.0,
        events=("first thing",),
        notices=("Your last action changed nothing you can see.",),
        results="[SEARCH notes.txt]\nNo line of notes.txt contains it.",
        turn=1,
        turns_left=1,
    )
    odd = 'a <b> & "c" {{ d }} {% e %} \u00e9\u6f22 <|END|>\n'
    long = msgspec.structs.replace(
        ordinary,
        step=99_999,
        observation=odd * (_LONG // len(odd)),
        previous_observation="x" * _LONG,
        status=odd,
        action=odd,
        reward=-0.1,
        events=tuple([f"event_{number}" for number in range(100)]),
        notices=(odd, odd),
        results=odd * (_LONG // len(odd)),
        turn=9,
        turns_left=0,
    )
    return first, ordinary, long


def _first(scaffold: Scaffold, info: EnvironmentInfo) -> PromptContext:
    manifest = scaffold.manifest
    memory = MemoryStore(None, manifest, scaffold.files)
    files = memory.index()
    return PromptContext(
        **msgspec.structs.asdict(static_context(manifest, info)),
        step=0,
        observation="You see grass.",
        status="",
        previous_observation="",
        previous_status="",
        action="",
        reward=0.0,
        events=(),
        notices=file_notices(memory),
        operations=operations_text(manifest.operation, "plan"),
        files=files,
        index=index_text(files),
        slots={},
        results="",
        turn=0,
        turns_left=manifest.limits.plan_turns,
    )


def some_game(manifest: Manifest) -> EnvironmentInfo:
    """A game of the manifest's name about which nothing is known."""
    return EnvironmentInfo(
        name=manifest.environment or "any",
        instructions="Find the exit.",
        actions=("north", "south"),
        action_help={"north": "go north"},
    )
