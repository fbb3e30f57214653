"""Runs an `automem` command in this process and writes down what it used: `host.py OUT ARG...`."""

from __future__ import annotations

import atexit
import json
import resource
import sys
from pathlib import Path

from automem.cli import main


def write_usage(path: Path) -> None:
    """CPU seconds of this process alone, and of all its children that have ended."""
    used = {
        name: usage.ru_utime + usage.ru_stime
        for name, usage in (
            ("cpu_seconds", resource.getrusage(resource.RUSAGE_SELF)),
            ("children_cpu_seconds", resource.getrusage(resource.RUSAGE_CHILDREN)),
        )
    }
    path.write_text(json.dumps(used), encoding="utf-8")


if __name__ == "__main__":
    atexit.register(write_usage, Path(sys.argv[1]))
    main(sys.argv[2:])
