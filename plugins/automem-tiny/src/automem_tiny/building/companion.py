"""`python -m automem_tiny.building.companion MODULE ...`: runs a module while its owner lives.

The owner holds the other end of standard input. However it ends, the pipe closes, and so does this
process: nothing is left that computes for nobody, or writes into a folder that another build has.
Runs in every interpreter, so it imports nothing that is not in Python itself.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run the module with the rest of the arguments."""
    threading.Thread(target=_end_with_owner, name="owner", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_owner() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
