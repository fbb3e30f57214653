"""Reading a conversation as a model would: its phase, what it offers, what was answered so far."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from automem.records.model import Message
from automem_backends.rules.vocabulary import Offered, Use, offered

_FILE_LINE = re.compile(r"^- ([\w.-]+) \((\d+) lines?[^)]*\)(?:: ?([^\n]*))?$", re.MULTILINE)
_SYSTEM_OPERATIONS = re.compile(r"^- <\|\w+\|>", re.MULTILINE)
_STEP = re.compile(r"\bstep (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """One file of the index."""

    name: str
    lines: int
    purpose: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """One LOG or PLAN conversation up to now."""

    phase: Literal["log", "plan"]
    first: str
    """The first user message: the situation."""
    later: str
    """Every later user message, joined: what the operations answered."""
    said: tuple[str, ...]
    """The replies already given in this conversation."""
    operations: tuple[Offered, ...]
    files: tuple[MemoryFile, ...]
    step: int | None
    """Number of the present step, where the prompt says it."""
    bare: bool = False
    """Whether the reply is to be the name of an action and nothing else."""
    system: str = ""
    """What the conversation says of the game before anything else."""
    consults: bool = True
    """Whether the player asks its memory for what the prompt does not show by itself."""

    def file(self, name: str) -> MemoryFile | None:
        """The file of that name, if the index has it."""
        return next((file for file in self.files if file.name == name), None)

    def operation(self, use: Use, file: str) -> Offered | None:
        """An operation of that use on that file; one bound to the file comes first."""
        free = None
        for operation in self.operations:
            if operation.use == use:
                if operation.file == file:
                    return operation
                if operation.takes_file and free is None:
                    free = operation
        return free

    def asked(self, operation: str) -> bool:
        """Whether this very operation was already written in this conversation."""
        return any(operation in reply for reply in self.said)


def read_transcript(messages: Sequence[Message]) -> Transcript:
    """Take a conversation apart. One that holds no user message reads as an empty PLAN."""
    system = "\n".join(message.content for message in messages if message.role == "system")
    users = [message.content for message in messages if message.role == "user"]
    if users and _is_window(system, users[0]):
        return _window(system, users[-1])
    first = users[0] if users else ""
    phase = _phase(first, system)
    files = tuple(
        MemoryFile(name, int(lines), purpose) for name, lines, purpose in _FILE_LINE.findall(first)
    )
    source = first if _SYSTEM_OPERATIONS.search(first) else system
    lines = "\n".join(line for line in source.splitlines() if line.startswith("- <|"))
    numbers = _STEP.findall(first)
    return Transcript(
        phase=phase,
        first=first,
        later="\n".join(users[1:]),
        said=tuple(message.content for message in messages if message.role == "assistant"),
        operations=offered(lines, tuple(file.name for file in files)),
        files=files,
        step=int(numbers[-1]) if numbers else None,
        system=system,
    )


def _is_window(system: str, first: str) -> bool:
    """Whether the conversation is a row of observations and actions, with no memory to use."""
    told = system + "\n" + first
    marked = "<|DONE|>" in first or "<|ACTION|>" in first
    return not marked and not _SYSTEM_OPERATIONS.search(told)


def _window(system: str, present: str) -> Transcript:
    return Transcript(
        phase="plan",
        first=present,
        later="",
        said=(),
        operations=(),
        files=(),
        step=None,
        bare="<|ACTION|>" not in system,
        system=system,
    )


def _phase(first: str, system: str) -> Literal["log", "plan"]:
    acts, done = "<|ACTION|>" in first, "<|DONE|>" in first
    if acts != done:
        return "plan" if acts else "log"
    opening = first.lstrip("# ").upper()
    if opening.startswith("LOG"):
        return "log"
    if opening.startswith("PLAN") or acts or "<|ACTION|>" in system:
        return "plan"
    return "log"
