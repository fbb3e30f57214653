"""The life of a jailed process: import everything, take everything away, then meet the code."""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import threading
import time
from typing import Any, NoReturn

from automem.processes.jail.inside import modules
from automem.processes.jail.inside.kernel import LinuxKernel
from automem.processes.jail.inside.lock import Lock, close_inherited, limit, lock
from automem.processes.jail.inside.serve import EXCEPTION, VALUE, Nowhere, Served, send, serve

REQUESTS, REPLIES, ERRORS = 0, 1, 2
_HOST_CHECK_SECONDS = 1.0


def main(said: str) -> NoReturn:
    """Serve on the pipes this process was started with, under the options in JSON."""
    options: dict[str, Any] = json.loads(said)
    try:
        modules.preload()
        close_inherited((REQUESTS, REPLIES, ERRORS))
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, ERRORS)
        os.close(nothing)
        # What is there now stays; collecting garbage need not look at it again.
        gc.freeze()
        ready = {"landlock": _confine(options)}
    except Exception as error:  # noqa: BLE001 - the host must hear of it, and stderr is closed
        send(REPLIES, 0, Served(EXCEPTION, f"{type(error).__name__}: {error}".encode()))
        os._exit(1)
    sys.stdin = None
    sys.stdout = sys.stderr = Nowhere()
    # A run repeats; who wants another order seeds it again.
    random.seed(0)
    send(REPLIES, 0, Served(VALUE, json.dumps(ready).encode()))
    try:
        serve(REQUESTS, REPLIES, options["reply_bytes"])
    finally:
        # Not by the interpreter: nothing that the code registered runs any more.
        os._exit(0)


def _confine(options: dict[str, Any]) -> int:
    how = Lock(
        landlock=options["landlock"],
        memory_bytes=options["memory_bytes"],
        readable=tuple(options["readable"]),
        host=options["host"],
    )
    if options["locked"]:
        return lock(LinuxKernel(), how)
    threading.Thread(target=_watch_host, args=(options["host"],), daemon=True).start()
    limit(LinuxKernel(), how)
    return 0


def _watch_host(host: int) -> None:
    """End this process when its host is gone; where nothing is locked, no signal says so."""
    while os.getppid() == host:
        time.sleep(_HOST_CHECK_SECONDS)
    os._exit(1)
