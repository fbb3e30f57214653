"""Plays evaluations by the command line and watches what they use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Played:
    """What one evaluation used."""

    cpu_seconds: float
    """Of the host process."""
    peak_bytes: int
    """Proportional memory of the host and its workers together, sampled."""
    wall_seconds: float
    evaluation: dict[str, Any]
    folder: Path


@dataclass(frozen=True, slots=True)
class Used:
    """What one command said, and what it used."""

    said: bytes
    cpu_seconds: float
    """Of the host and of all the processes that it started, their start included."""
    wall_seconds: float


def automem(*arguments: str, usage: Path, cores: frozenset[int] = frozenset()) -> Used:
    """Run a command to its end; what it tells goes to the terminal.

    `cores` are those that it and its processes may run on; none are all. Raises CalledProcessError.
    """
    command = (sys.executable, str(HERE / "host.py"), str(usage), *arguments)
    before = os.sched_getaffinity(0)
    began = time.perf_counter()
    os.sched_setaffinity(0, cores or before)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    finally:
        os.sched_setaffinity(0, before)
    seconds = time.perf_counter() - began
    used = json.loads(usage.read_text(encoding="utf-8"))
    return Used(done.stdout, used["cpu_seconds"] + used["children_cpu_seconds"], seconds)


def play(
    folder: Path, url: str, *, seeds: str, steps: int, name: str, samples_memory: bool = False
) -> Played:
    """Play `steps` steps of each of `seeds` in a run of its own."""
    out = folder / f"{name}.json"
    settings = {
        "run.folder": str(folder),
        "run.name": name,
        "roles.default.base_url": url,
        "seeds.search": seeds,
        "environment.max_steps": str(steps),
    }
    overrides = [word for key, value in settings.items() for word in ("-s", f"{key}={value}")]
    command = [
        *(sys.executable, str(HERE / "host.py"), str(out)),
        *("eval", str(HERE / "crafter.toml"), "--json", "--display", "plain", *overrides),
    ]
    began = time.perf_counter()
    peak = 0
    log, said = folder / f"{name}.log", folder / f"{name}.said"
    with (
        log.open("wb") as errors,
        said.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=errors) as process,
    ):
        while samples_memory and process.poll() is None:
            peak = max(peak, _tree_bytes(process.pid))
            time.sleep(0.1)
    if process.returncode != 0:
        raise RuntimeError(f"automem eval failed; see {log}")
    return Played(
        cpu_seconds=json.loads(out.read_text(encoding="utf-8"))["cpu_seconds"],
        peak_bytes=peak,
        wall_seconds=time.perf_counter() - began,
        evaluation=json.loads(said.read_bytes()),
        folder=folder / name,
    )


def evaluation_of(config: Path) -> dict[str, Any]:
    """Play a configuration and read what came of it."""
    start = "from automem.cli import main; main()"
    command = (sys.executable, "-c", start, "eval", str(config), "--json", "--display", "plain")
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(said.stdout)


def _tree_bytes(pid: int) -> int:
    """Proportional set size of a process and all below it; pages shared by n count 1/n."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")]
    return 1024 * sum(sizes) + sum(_tree_bytes(int(child)) for child in children.split())
