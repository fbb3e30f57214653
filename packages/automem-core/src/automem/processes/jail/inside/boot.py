"""Starts the worker without importing `automem`: `python -P -s -S -B boot.py OPTIONS`.

The packages above this folder become empty modules that know only where to look; their own code
would import what the jail has no use for, and what lies outside the folders it may read.
"""

from __future__ import annotations

import sys
from types import ModuleType


def main() -> None:
    """Import the worker under its usual name and run it."""
    folder = __file__.rpartition("/")[0]
    path = folder
    names = ("automem.processes.jail.inside", "automem.processes.jail", "automem.processes")
    for name in (*names, "automem"):
        package = ModuleType(name)
        package.__path__ = [path]
        sys.modules[name] = package
        path = path.rpartition("/")[0]

    from automem.processes.jail.inside.worker import main as work

    work(sys.argv[1])


if __name__ == "__main__":
    main()
