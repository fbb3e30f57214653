"""A fake engine as a process: started by the real one's command line, ended by a signal.

What goes wrong is ordered with `--fault`, any number of times:

    never-healthy       /health answers 503 for ever
    hung-health         /health takes the connection and never answers
    never-listens       the start never ends
    dies-after=N        the process dies with the call after the Nth
    out-of-memory       the start ends in the GPU's refusal of memory
    no-kv-room          the start ends because a context does not fit beside the weights
    memory-taken        the start ends because another process has the GPU's memory
    no-tokenizer        the start ends because the model's folder has no tokenizer
    no-chat-template    every chat call is refused
    port-in-use         the start ends because the port is taken
    ignores-sigterm     only a kill ends it
    child               a process of its own hangs on it, which must end with it

With `--fault-once FILE` they hold until that file exists; the first process makes it, so that the
next one is well.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio

from automem.records._struct import Record
from automem.testing.generation import Answer
from automem.testing.http import is_taken
from automem.testing.model_server import ModelServer

FAULTS = (
    "never-healthy",
    "hung-health",
    "never-listens",
    "dies-after",
    "out-of-memory",
    "no-kv-room",
    "memory-taken",
    "no-tokenizer",
    "no-chat-template",
    "port-in-use",
    "ignores-sigterm",
    "child",
)
_FOREVER = 600.0
"""Seconds; longer than anything waits, and yet nothing is left for good."""


class Words(Record):
    """What the imitated program writes before it gives up, by fault."""

    at_start: dict[str, str]
    at_death: str
    port_in_use: str


class Orders(Record):
    """What a command line orders of the imitation itself."""

    faults: tuple[str, ...] = ()
    deaths_after: int | None = None
    start_seconds: float = 0.0
    host: str = "127.0.0.1"
    port: int = 0


def add_orders(parser: argparse.ArgumentParser, *, port: int) -> None:
    """The flags that no real engine has, and the address."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=port, help="0 takes a free one")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=N]")
    parser.add_argument("--fault-once", type=Path, metavar="FILE")
    parser.add_argument("--start-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--answer-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--answer", default="automem.testing.generation:default_answer")


def read_orders(given: argparse.Namespace, parser: argparse.ArgumentParser) -> Orders:
    """Read those flags; takes the faults away where `--fault-once` has had them."""
    faults: list[str] = given.fault
    names = tuple(fault.partition("=")[0] for fault in faults)
    unknown = set(names) - set(FAULTS)
    if unknown:
        parser.error(f"no fault named {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    deaths = [int(fault.partition("=")[2]) for fault in faults if fault.startswith("dies-after=")]
    once: Path | None = given.fault_once
    if once is not None and once.exists():
        names, deaths = (), []
    elif once is not None:
        once.touch()
    return Orders(
        faults=names,
        deaths_after=min(deaths, default=None),
        start_seconds=given.start_delay,
        host=given.host,
        port=given.port,
    )


def answer_of(name: str) -> Answer:
    """The function that `module:function` names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def run(
    server: ModelServer,
    listen: Callable[[], AbstractAsyncContextManager[int]],
    orders: Orders,
    words: Words,
) -> int:
    """Start, serve until a signal comes, and give the exit code. `listen` opens the port."""
    _log(f"INFO: model {server.path} as '{server.name}', pid {os.getpid()}")
    if "ignores-sigterm" in orders.faults:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "child" in orders.faults:
        sleeper = f"import time; time.sleep({_FOREVER})"
        subprocess.Popen([sys.executable, "-c", sleeper])  # noqa: S603 - our own interpreter
    time.sleep(_FOREVER if "never-listens" in orders.faults else orders.start_seconds)
    for fault in orders.faults:
        if fault in words.at_start:
            _log(words.at_start[fault])
            return 1
    if "port-in-use" in orders.faults:
        _log(words.port_in_use)
        return 1
    server.has_chat_template = "no-chat-template" not in orders.faults
    if "never-healthy" in orders.faults:
        server.health = "bad"
    if "hung-health" in orders.faults:
        server.health = "hung"
    server.calls_left = orders.deaths_after

    def die() -> None:
        _log(words.at_death)
        os._exit(1)

    server.die = die
    return anyio.run(_serve, server, listen, orders, words)


async def _serve(
    server: ModelServer,
    listen: Callable[[], AbstractAsyncContextManager[int]],
    orders: Orders,
    words: Words,
) -> int:
    try:
        async with listen() as server.port:
            _log("INFO:     Application startup complete.")
            _log(f"INFO:     Uvicorn running on {server.root} (Press CTRL+C to quit)")
            awaited = [signal.SIGINT, signal.SIGTERM]
            if "ignores-sigterm" in orders.faults:
                awaited = [signal.SIGINT]
            with anyio.open_signal_receiver(*awaited) as signals:
                async for _ in signals:
                    break
    except OSError as error:
        if not is_taken(error):
            raise
        _log(words.port_in_use)
        return 1
    _log("INFO:     Shutting down")
    return 0


def _log(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
