"""How long the command line takes to say what it can do."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from figures import Figure

RUNS = 9


def measure() -> list[Figure]:
    """The figures of this file."""
    command = [str(Path(sys.executable).with_name("automem")), "--help"]
    seconds: list[float] = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    about = f"median of {RUNS} after one to warm up"
    return [Figure("automem --help", f"{median(seconds[1:]):.2f} s", about, "at most 0.30 s")]
