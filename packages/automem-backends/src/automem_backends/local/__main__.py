"""Serves one model and its adapters: `python -m automem_backends.local --model FOLDER`.

It needs torch and transformers, so it runs in the interpreter that `automem setup local` makes.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import anyio

from automem.errors import AutoMemError
from automem.logging import logging_to
from automem_backends.local.app import listening_socket, serving
from automem_backends.local.asked import Weights
from automem_backends.local.scheduler import Limits, Scheduler
from automem_backends.local.service import Service
from automem_backends.local.wire import AdapterRequest

if TYPE_CHECKING:
    from automem_backends.local.network import Network

_LAST_STEP_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end; 1 if it could not start, which standard error explains."""
    given = _parser().parse_args(arguments)
    try:
        with logging_to(None, verbose=True), listening_socket(given.port) as held:
            network = _network(given)
            scheduler = Scheduler(network, network.ends, _limits(given, network))
            anyio.run(_serve, given, network, scheduler, held)
    except AutoMemError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="automem_backends.local", description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add("--model", required=True, help="folder with the model, its tokenizer and chat template")
    add("--served-model-name", help="what requests call the model; its folder if not given")
    add("--port", type=int, default=8000, help="of 127.0.0.1; 0 takes a free one")
    add("--lora-modules", nargs="*", default=[], metavar="NAME=PATH", help="adapters to begin with")
    add("--max-model-len", type=int, help="longest prompt and answer together, in tokens")
    add("--max-num-seqs", type=int, default=16, help="answers that grow at once")
    add("--max-num-batched-tokens", type=int, default=1024, help="of a prompt, in one step")
    add("--kv-cache-mib", type=int, default=1024, help="for keys and values, kept and in use")
    add("--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto")
    add("--device", default="auto", help="cpu, cuda, cuda:1, ...; auto takes a GPU if there is one")
    add("--threads", type=int, default=1, help="of the CPU")
    add(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input ends, so as not to outlive the program that holds it",
    )
    return parser


def _network(given: argparse.Namespace) -> Network:
    # Before torch is imported: its libraries read this once.
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    from automem_backends.local.network import load

    return load(
        given.model,
        device=given.device,
        dtype=given.dtype,
        context=given.max_model_len,
        threads=given.threads,
    )


def _limits(given: argparse.Namespace, network: Network) -> Limits:
    cache_bytes = given.kv_cache_mib << 20
    needed = network.size_of(network.context)
    if needed > cache_bytes:
        raise AutoMemError(
            f"one conversation of {network.context} tokens needs {needed >> 20} MiB of keys and "
            f"values, and --kv-cache-mib is {given.kv_cache_mib}; raise it, or lower "
            "--max-model-len"
        )
    return Limits(
        sequences=given.max_num_seqs,
        prompt_tokens=given.max_num_batched_tokens,
        cache_bytes=cache_bytes,
    )


async def _serve(
    given: argparse.Namespace, network: Network, scheduler: Scheduler, held: socket.socket
) -> None:
    base = Weights(given.served_model_name or given.model, given.model)
    service = Service(network, scheduler, base)
    thread = threading.Thread(target=scheduler.run, name="steps", daemon=True)
    thread.start()
    try:
        for module in given.lora_modules:
            name, _, path = module.partition("=")
            await service.load(AdapterRequest(lora_name=name, lora_path=path))
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with serving(service, held, thread.is_alive):
                sys.stdout.write(f"http://127.0.0.1:{held.getsockname()[1]}/v1\n")
                sys.stdout.flush()
                await _told_to_end(signals, until_stdin_closes=given.until_stdin_closes)
    finally:
        scheduler.stop()
        thread.join(_LAST_STEP_SECONDS)


async def _told_to_end(signals: AsyncIterator[signal.Signals], *, until_stdin_closes: bool) -> None:
    async with anyio.create_task_group() as tasks:
        if until_stdin_closes:
            tasks.start_soon(_stdin_closed, tasks.cancel_scope)
        await anext(signals)
        tasks.cancel_scope.cancel()


async def _stdin_closed(scope: anyio.CancelScope) -> None:
    # Not in a thread: one that still reads would keep the interpreter from ending.
    await anyio.wait_readable(0)
    while os.read(0, 4096):
        await anyio.wait_readable(0)
    scope.cancel()


if __name__ == "__main__":
    sys.exit(main())
