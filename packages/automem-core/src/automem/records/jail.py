"""The jail of model-written code: how far it is locked, its limits, and what was proven of it."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record

JailLevel = Literal["bubblewrap", "landlock", "seccomp", "monty", "none"]
"""From the strongest down. The first three hold the same locks around CPython: limits on
resources, no privileges and an allow-list of system calls (`seccomp`); also no path and no network
(`landlock`); also a system of its own with nothing in it (`bubblewrap`). `monty` is another
interpreter, which has no way to the outside. `none` is a process and nothing more."""


class JailLimits(Record):
    """What one call, one load and the whole process may take."""

    call_seconds: float = 0.25
    """Of one call, by the wall clock."""
    load_seconds: float = 5.0
    """Starting the process, and again for running the source once."""
    memory_bytes: int = 256 * 1024 * 1024
    """Address space of the process, the interpreter included."""
    request_bytes: int = 1024 * 1024
    """The arguments of one call, encoded."""
    reply_bytes: int = 256 * 1024
    """What one call returns, as JSON."""


class JailReport(Record):
    """What was tried from inside the jail, and how it ended."""

    level: JailLevel
    """Proven: every probe was denied at it."""
    probes: dict[str, bool]
    """Probe -> whether it was denied."""
    refused: dict[str, str]
    """Each stronger level -> why this machine does not have it."""
    python: str
    kernel: str
    architecture: str
    landlock: int
    """The version of Landlock's interface that was used; 0 is none."""
