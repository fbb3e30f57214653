"""What the prompts must get right: all there, showing what a model needs, rendering on anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from automem.errors import ScaffoldError
from automem.records.scaffold import Phase
from automem.scaffold.code import plan_prompts
from automem.scaffold.code_check import slot_problems
from automem.scaffold.content import MANIFEST, PROMPTS
from automem.scaffold.context import PromptContext
from automem.scaffold.load import Scaffold
from automem.scaffold.problem import Problem
from automem.scaffold.prompts import PROMPT_NAMES, Prompts
from automem.scaffold.text import operations_text
from automem.spelling import did_you_mean

PROMPT_BYTES = 65_536
PROMPTS_BYTES = 262_144
"""All of them together; compiling a prompt takes about a second for each 65,536 bytes."""
_PHASES: Mapping[str, Phase] = {
    "log": "log",
    "log_continue": "log",
    "plan": "plan",
    "plan_continue": "plan",
    "handoff": "plan",
}
_SHOWN: Mapping[str, tuple[str, ...]] = {
    "log": ("observation", "action"),
    "log_continue": ("results",),
    "plan": ("observation",),
    "plan_continue": ("results",),
}


def prompt_problems(scaffold: Scaffold, contexts: Sequence[PromptContext]) -> Iterator[Problem]:
    """Everything wrong with the prompts; each is rendered on each context."""
    known = ("system", *PROMPT_NAMES)
    for name in scaffold.manifest.prompts:
        if name not in known:
            there = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            yield Problem(where=f"{MANIFEST}: prompts.{name}", text=f"no such prompt{there}")
    for file, text in scaffold.prompts.items():
        if len(text.encode()) > PROMPT_BYTES:
            yield Problem(
                where=f"{PROMPTS}/{file}", text=f"is larger than {PROMPT_BYTES} bytes; shorten it"
            )
    together = sum(len(text.encode()) for text in scaffold.prompts.values())
    if together > PROMPTS_BYTES:
        said = f"have {together} bytes together; {PROMPTS_BYTES} are allowed, shorten them"
        yield Problem(where=PROMPTS, text=said)
        return
    try:
        prompts = Prompts(scaffold)
    except ScaffoldError as error:
        yield Problem(where=PROMPTS, text=str(error))
        return
    instead = sorted(plan_prompts(scaffold.prompts)) if scaffold.code is not None else ()
    for name in (*PROMPT_NAMES, *instead):
        where = f"{PROMPTS}/{prompts.file_of(name)}"
        if not prompts.has(name):
            yield Problem(where=where, text=f"is missing; write it, it is the prompt '{name}'")
            continue
        yield from _variables(scaffold, prompts, name, where)
        yield from _rendered(scaffold, prompts, name, where, contexts)
    if prompts.has("system"):
        yield from _system(prompts, contexts)
    yield from slot_problems(scaffold, prompts)


def _variables(scaffold: Scaffold, prompts: Prompts, name: str, where: str) -> Iterator[Problem]:
    used = prompts.variables(name)
    for variable in _SHOWN.get(name, ("observation",) if name not in _PHASES else ()):
        if variable not in used:
            yield Problem(where=where, text=f"never shows {{{{ {variable} }}}}; add it")
    phase = _PHASES.get(name)
    if name != phase:
        return
    told = used | prompts.variables("system")
    if not told & {"operations", "vocabulary"}:
        yield Problem(
            where=where,
            text="never shows {{ operations }}, and no system.md shows {{ vocabulary }}; "
            "add one of them, or the model cannot know what it may write",
        )
    slots = [rule.slot for rule in scaffold.manifest.inject if phase in rule.phases]
    if slots and "slots" not in used:
        yield Problem(
            where=where, text=f"never shows what is injected; add {{{{ slots['{slots[0]}'] }}}}"
        )


def _rendered(
    scaffold: Scaffold,
    prompts: Prompts,
    name: str,
    where: str,
    contexts: Sequence[PromptContext],
) -> Iterator[Problem]:
    manifest = scaffold.manifest
    phase = _PHASES.get(name, "plan")
    operations = operations_text(manifest.operation, phase)
    slots = {rule.slot: rule.when_empty for rule in manifest.inject if phase in rule.phases}
    slots |= manifest.code.slots
    for context in contexts:
        filled = {slot: context.slots.get(slot, text) for slot, text in slots.items()}
        shown = msgspec.structs.replace(context, operations=operations, slots=filled)
        try:
            text = prompts.render(name, shown)
        except ScaffoldError as error:
            yield Problem(where=where, text=f"on step {context.step}: {error}")
            return
        if not text.strip() and not name.endswith("_continue"):
            yield Problem(where=where, text=f"is empty on step {context.step}; say something")
            return


def _system(prompts: Prompts, contexts: Sequence[PromptContext]) -> Iterator[Problem]:
    where = f"{PROMPTS}/{prompts.file_of('system')}"
    for context in contexts:
        try:
            prompts.system(context)
        except ScaffoldError as error:
            yield Problem(where=where, text=str(error))
            return
