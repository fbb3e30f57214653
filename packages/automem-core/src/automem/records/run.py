"""What is known of a run besides its results: `run.json`."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record
from automem.records.jail import JailReport

RunState = Literal["running", "finished", "interrupted", "failed"]


class GitState(Record):
    """The checkout that the command was started in."""

    commit: str
    dirty: bool
    """Whether tracked files differ from the commit."""


class Hardware(Record):
    """The machine."""

    cores: int
    """Cores this process may use."""
    memory_bytes: int | None = None
    gpus: tuple[str, ...] = ()
    """Names as the driver gives them."""


class Provenance(Record):
    """What a result depends on besides the configuration."""

    python: str
    platform: str
    versions: dict[str, str]
    """Installed distributions that play a part: AutoMem's packages and every plugin."""
    git: GitState | None = None
    hardware: Hardware


class RunStatus(Record):
    """How the latest command on a run stands."""

    status: RunState
    pid: int
    command: tuple[str, ...]
    """The arguments after `automem`, without secrets."""
    started_at: str
    """ISO 8601, UTC; likewise `heartbeat`."""
    heartbeat: str
    """The last sign of life; every few seconds while it runs, then the moment it ended."""
    message: str = ""
    """Why it failed or was stopped."""
    provenance: Provenance
    jail: JailReport | None = None
    """What keeps scaffold code in, as it was tried when code was played last; None before."""
