"""What a prompt may show: the variables of every template, and nothing else."""

from __future__ import annotations

from automem.records._struct import Record
from automem.records.memory import FileStatus


class StaticContext(Record):
    """What stays the same over an episode; the variables of `system.md`."""

    instructions: str
    """The game's rules and goal."""
    actions: tuple[str, ...]
    action_help: dict[str, str]
    max_steps: int
    task: str
    vocabulary: str
    """Every memory operation with its usage, phases and help, one line each."""
    purposes: str
    """Every file of the manifest with its purpose, one line each."""


class PromptContext(StaticContext):
    """What changes from step to step and turn to turn; the variables of the other prompts."""

    step: int
    """Number of the observation shown."""
    observation: str
    status: str
    previous_observation: str
    """Empty at step 0; likewise `previous_status` and `action`."""
    previous_status: str
    action: str
    """The action executed last."""
    reward: float
    events: tuple[str, ...]
    """What the last action achieved for the first time."""
    notices: tuple[str, ...]
    """Nothing changed; a file is too long."""
    operations: str
    """The operations of this phase with usage and help, one line each."""
    files: tuple[FileStatus, ...]
    index: str
    """The file index as text: name, line count and purpose, one line each."""
    slots: dict[str, str]
    """The injected retrievals of this phase."""
    results: str
    """What the operations of the last reply answered; empty on the first turn."""
    turn: int
    """0 on the first turn."""
    turns_left: int
