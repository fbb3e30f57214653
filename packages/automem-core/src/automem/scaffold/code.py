"""Asking scaffold code: what it is given, what is accepted as its answer, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from automem.errors import CodeFault
from automem.memory.answers import fitting
from automem.memory.store import MemoryStore
from automem.records._struct import Record
from automem.records.code import CodeContext, CodeFunction, Judgment, Percept, Remembrance
from automem.records.scaffold import Manifest

FILE_BYTES = 32_768
"""Of a longer file code sees the last lines."""
FILES_BYTES = 262_144
"""All files together; what comes later in the index is left out."""
TOGETHER_CHARACTERS = 65_536
"""All that one call may have written, or put into slots; every answer is kept in the trace."""
STATE_BYTES = 131_072
"""The most that one function may keep, as JSON."""

R = TypeVar("R", bound=Record)


class Caller(Protocol):
    """Code that was loaded somewhere: a jail, or a double in a test."""

    @property
    def functions(self) -> frozenset[str]:
        """The names of what can be called."""
        ...

    async def call(self, function: str, *arguments: object) -> object:
        """Call one function with plain data. Raises CodeFault."""
        ...

    async def end(self) -> None:
        """Forget what was kept in global variables; the next call begins anew."""
        ...


async def ask(
    caller: Caller, function: CodeFunction, expected: type[R], context: CodeContext, *more: object
) -> R:
    """Call one function of the contract. Raises CodeFault also where its answer is none of it."""
    answer = await caller.call(function, msgspec.to_builtins(context), *more)
    if answer is None or (expected is Judgment and answer == "accept"):
        return expected()
    try:
        read = msgspec.convert(answer, expected, strict=True)
    except msgspec.ValidationError as error:
        raise CodeFault(f"{function} returned something else: {error}", kind="invalid") from error
    state: object = getattr(read, "state", None)
    if state is not None and (size := len(msgspec.json.encode(state))) > STATE_BYTES:
        raise CodeFault(
            f"{function} wants to keep a state of {size} bytes; {STATE_BYTES} are allowed",
            kind="too_large",
        )
    if (length := _length(read)) > TOGETHER_CHARACTERS:
        raise CodeFault(
            f"{function} gives {length} characters of text to write or to show; "
            f"{TOGETHER_CHARACTERS} are allowed",
            kind="too_large",
        )
    return read


def _length(answer: Record) -> int:
    if isinstance(answer, Remembrance):
        return sum([len(write.text) + len(write.key) for write in answer.writes])
    return sum(map(len, answer.slots.values())) if isinstance(answer, Percept) else 0


def check_percept(percept: Percept, manifest: Manifest, prompts: frozenset[str]) -> None:
    """Refuse what no prompt of the scaffold can show. Raises CodeFault."""
    for slot in percept.slots:
        if slot not in manifest.code.slots:
            there = ", ".join(manifest.code.slots) or "none"
            raise CodeFault(
                f"perceive fills the slot {slot!r}, which [code.slots] does not declare; "
                f"there are: {there}",
                kind="invalid",
            )
    if percept.prompt is not None and percept.prompt not in prompts:
        there = ", ".join(sorted(prompts)) or "none"
        raise CodeFault(
            f"perceive names the prompt {percept.prompt!r}, which is no file "
            f"prompts/plan_*.md; there are: {there}",
            kind="invalid",
        )


def plan_prompts(prompts: Mapping[str, str]) -> frozenset[str]:
    """The prompts that may take the place of `plan`: every `plan_*.md` but `plan_continue.md`."""
    names = {name.removesuffix(".md") for name in prompts if name.startswith("plan_")}
    return frozenset(names - {"plan_continue"})


def shown_files(memory: MemoryStore, manifest: Manifest) -> dict[str, str]:
    """The files that code is shown, within their bounds."""
    wanted = manifest.code.files
    found: dict[str, str] = {}
    left = FILES_BYTES
    for status in memory.index():
        if wanted is not None and status.name not in wanted:
            continue
        lines = memory.lines(status.name) or ()
        text = "\n".join(fitting(lines, FILE_BYTES, last=True))
        left -= len(text) if text.isascii() else len(text.encode())
        if left < 0:
            break
        found[status.name] = text
    return found
