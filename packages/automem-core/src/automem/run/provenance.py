"""What a result depends on besides its configuration: versions, git commit, hardware."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from automem.hooks import PROJECT
from automem.records.run import GitState, Hardware, Provenance

ASK_SECONDS = 5.0
"""How long git or the driver may take to answer."""


def gather(folder: Path) -> Provenance:
    """Describe this process and machine; `folder` is where git is asked."""
    return Provenance(
        python=platform.python_version(),
        platform=platform.platform(),
        versions=versions(),
        git=git_state(folder),
        hardware=hardware(),
    )


def versions() -> dict[str, str]:
    """AutoMem's own distributions and those of every plugin, by name."""
    points = metadata.entry_points(group=PROJECT)
    found = {point.dist.name: point.dist.version for point in points if point.dist is not None}
    return dict(sorted(found.items()))


def git_state(folder: Path) -> GitState | None:
    """Commit and cleanliness of the checkout around `folder`; None outside of one."""
    commit = ask("git", "-C", str(folder), "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = ask("git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no")
    return GitState(commit=commit, dirty=bool(changes))


def hardware() -> Hardware:
    """Cores, memory and GPUs of this machine."""
    names = ask("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return Hardware(
        cores=cores(),
        memory_bytes=memory_bytes(),
        gpus=tuple(line.strip() for line in (names or "").splitlines() if line.strip()),
    )


def cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int | None:
    """Main memory; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def ask(program: str, *arguments: str, seconds: float = ASK_SECONDS) -> str | None:
    """What a program prints; None if it is missing, fails or takes too long."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - the arguments are ours
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace").strip()
