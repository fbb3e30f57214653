"""The command line of the fake SGLang: the flags of its launcher that AutoMem gives, and orders."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial

import msgspec

from automem.testing.http import listening
from automem.testing.model_server import ModelServer
from automem.testing.process import Words, add_orders, answer_of, read_orders, run
from automem.testing.sglang import FakeSglang

_TRACE = """\
[TP0] Scheduler hit an exception: Traceback (most recent call last):
  File "sglang/srt/managers/scheduler.py", line 2700, in run_scheduler_process
{cause}
[launch_server] Received sigquit from a child process. It usually means the child failed."""
_CAUSES = {
    "out-of-memory": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.32 GiB. "
    "GPU 0 has a total capacity of 79.11 GiB of which 1.06 GiB is free.",
    "no-kv-room": "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.",
    "memory-taken": "ValueError: The memory capacity is unbalanced. Some GPUs may be occupied by "
    "other processes.",
    "no-tokenizer": "OSError: Can't load tokenizer for 'model'.",
}
WORDS = Words(
    at_start={fault: _TRACE.format(cause=cause) for fault, cause in _CAUSES.items()},
    at_death=_TRACE.format(cause="RuntimeError: CUDA error: an illegal memory access"),
    port_in_use="ERROR:    [Errno 98] error while attempting to bind on address: address already "
    "in use",
)


def main(arguments: Sequence[str]) -> int:
    """Run `python -m automem.testing.sglang --model-path MODEL ...`; unknown flags are accepted."""
    parser = argparse.ArgumentParser(
        prog="sglang", description="A fake SGLang.", allow_abbrev=False
    )
    parser.add_argument("--model-path", "--model", required=True)
    parser.add_argument("--served-model-name")
    parser.add_argument("--enable-lora", action="store_true")
    parser.add_argument("--lora-paths", nargs="+", default=[], metavar="NAME=PATH")
    parser.add_argument("--max-lora-rank", type=int)
    parser.add_argument("--lora-target-modules", nargs="+", default=[])
    parser.add_argument("--max-loras-per-batch", type=int, default=8)
    parser.add_argument("--context-length", type=int, default=32768)
    parser.add_argument("--max-running-requests", type=int, default=256)
    parser.add_argument("--api-key")
    parser.add_argument("--enable-cache-report", action="store_true")
    parser.add_argument("--enable-metrics", action="store_true")
    add_orders(parser, port=30000)
    given, _ = parser.parse_known_args(arguments)
    orders = read_orders(given, parser)
    paths = [tuple(path.partition("=")[::2]) for path in given.lora_paths]
    server = ModelServer(
        name=given.served_model_name or given.model_path,
        path=given.model_path,
        answer=answer_of(given.answer),
        delay_seconds=given.answer_delay,
        api_key=given.api_key,
        context_tokens=given.context_length,
        lora=given.enable_lora or bool(paths),
        most_rank=given.max_lora_rank or 512,
        most_running=given.max_running_requests,
        reports_cached=given.enable_cache_report,
        keeps_calls=False,
    )
    for name, path in paths:
        refusal = server.load(name, path, identity=f"{name} {path}")
        if refusal is not None:
            parser.exit(1, _TRACE.format(cause=f"ValueError: {refusal.said}") + "\n")
    if given.max_lora_rank is None and server.adapters:
        server.most_rank = max(adapter.rank for adapter in server.adapters.values())
    # The port is open while the model warms up; health says so.
    server.healthy_at = time.monotonic() + orders.start_seconds
    orders = msgspec.structs.replace(orders, start_seconds=0.0)
    fake = FakeSglang(server, has_metrics=given.enable_metrics)
    listen = partial(
        listening,
        fake.handle,
        host=orders.host,
        port=orders.port,
        connections=server.connections,
    )
    return run(server, listen, orders, WORDS)
