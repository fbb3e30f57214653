"""GPUs and their memory: those of this machine, or those that a person names.

A label says how much is sold, `h100-80g`; the table says how much of it a process can have, which
is what engines divide. Collected in November 2026 from what vLLM and SGLang print when they start
on each; for the B200, MI300X and MI325X, what their makers state less the driver's part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from automem.errors import ConfigError
from automem.records._struct import Record
from automem.run.provenance import ask
from automem.spelling import did_you_mean

GIB: Final = 1 << 30
MIB: Final = 1 << 20
USABLE_GIB: Final[Mapping[str, float]] = {
    "t4-16g": 14.56,
    "v100-32g": 31.73,
    "a10-24g": 22.05,
    "l4-24g": 22.05,
    "rtx3090-24g": 23.57,
    "rtx4090-24g": 23.53,
    "rtx5090-32g": 31.36,
    "a6000-48g": 47.5,
    "l40s-48g": 44.31,
    "a100-40g": 39.49,
    "a100-80g": 79.25,
    "h100-80g": 79.11,
    "h100-94g": 93.1,
    "rtxpro6000-96g": 95.01,
    "h200-141g": 139.8,
    "b200-180g": 178.3,
    "mi300x-192g": 191.5,
    "mi325x-256g": 255.5,
}
"""GiB that a process can have."""
_LARGEST_COUNT = 1024
_DRIVER_BYTES = 768 * MIB
"""What the driver counts and gives to nobody: at most this, and 2 % on small GPUs."""

Origin = Literal["found", "named", "none"]


class Gpu(Record):
    """One kind of GPU."""

    name: str
    memory_bytes: int
    """What a process can have of it."""


class Supply(Record):
    """The GPUs there are to plan with."""

    origin: Origin
    gpus: tuple[Gpu, ...] = ()
    """One entry for each; a single one where as many as needed are meant."""
    counted: bool = True
    """Whether there are as many as `gpus` has and no more."""

    def take(self, numbers: tuple[int, ...], count: int) -> tuple[Gpu, ...] | None:
        """`count` of them: those with these numbers, or the first; None where there are fewer."""
        if not self.counted:
            return self.gpus * count
        wanted = numbers or tuple(range(count))
        if self.origin == "named":
            # They are all alike, and their numbers are those of another machine.
            wanted = tuple(range(len(wanted)))
        if len(wanted) < count or max(wanted) >= len(self.gpus):
            return None
        return tuple(self.gpus[number] for number in wanted[:count])


def table() -> tuple[Gpu, ...]:
    """Every GPU that can be named, small ones first."""
    return tuple(_listed(name) for name in sorted(USABLE_GIB, key=lambda name: USABLE_GIB[name]))


def named(text: str) -> Supply:
    """`h100-80g`, as many as needed, or `h100-80g,8`. Raises ConfigError."""
    name, comma, count = text.strip().lower().partition(",")
    name = name.strip()
    if name not in USABLE_GIB:
        hint = did_you_mean(name, USABLE_GIB) or f"; there are: {', '.join(USABLE_GIB)}"
        raise ConfigError(f"--gpu {text}: no GPU named {name!r} is known{hint}")
    if not comma:
        return Supply(origin="named", gpus=(_listed(name),), counted=False)
    if not re.fullmatch(r"\s*\d{1,4}\s*", count) or not 0 < int(count) <= _LARGEST_COUNT:
        raise ConfigError(f"--gpu {text}: write how many behind the comma, such as {name},8")
    return Supply(origin="named", gpus=(_listed(name),) * int(count))


def found(query: Callable[..., str | None] = ask) -> Supply:
    """What `nvidia-smi` lists on this machine, in the order of its numbers."""
    answer = query("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
    gpus: list[Gpu] = []
    for line in (answer or "").splitlines():
        name, _, mebibytes = line.rpartition(",")
        if mebibytes.strip().isdecimal():
            whole = int(mebibytes) * MIB
            usable = whole - min(_DRIVER_BYTES, whole // 50)
            gpus.append(Gpu(name=name.strip(), memory_bytes=usable))
    return Supply(origin="found" if gpus else "none", gpus=tuple(gpus))


def _listed(name: str) -> Gpu:
    return Gpu(name=name, memory_bytes=round(USABLE_GIB[name] * GIB))
