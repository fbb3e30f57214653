"""The command line of the fake vLLM: the flags of `vllm serve` that AutoMem gives, and orders."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from automem.testing.http import listening
from automem.testing.model_server import ModelServer
from automem.testing.process import Words, add_orders, answer_of, read_orders, run
from automem.testing.vllm import RANKS, FakeVllm

_TRACE = """\
(EngineCore_DP0 pid=4242) ERROR [core.py:842] EngineCore failed to start.
(EngineCore_DP0 pid=4242) ERROR [core.py:842] Traceback (most recent call last):
(EngineCore_DP0 pid=4242) ERROR [core.py:842]   File "vllm/v1/engine/core.py", line 833
(EngineCore_DP0 pid=4242) ERROR [core.py:842] {cause}
(APIServer pid=4200) Traceback (most recent call last):
(APIServer pid=4200)   File "vllm/v1/engine/utils.py", line 785, in wait_for_engine_startup
(APIServer pid=4200) RuntimeError: Engine core initialization failed. See root cause above. \
Failed core proc(s): {{'EngineCore_DP0': 1}}"""
_CAUSES = {
    "out-of-memory": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.32 GiB. "
    "GPU 0 has a total capacity of 79.11 GiB of which 1.06 GiB is free. Including non-PyTorch "
    "memory, this process has 78.04 GiB memory in use.",
    "no-kv-room": "ValueError: To serve at least one request with the models's max seq len "
    "(32768), (8.0 GiB KV cache is needed, which is larger than the available KV cache memory "
    "(3.21 GiB). Based on the available memory, the estimated maximum model length is 13136. Try "
    "increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the "
    "engine.",
    "memory-taken": "ValueError: Free memory on device (11.22/79.11 GiB) on startup is less than "
    "desired GPU memory utilization (0.9, 71.2 GiB). Decrease GPU memory utilization or reduce "
    "GPU memory used by other processes.",
}
_NO_TOKENIZER = (
    "(APIServer pid=4200) OSError: Can't load tokenizer for 'model'. If you were trying to load "
    "it from a hub, make sure you don't have a local directory with the same name."
)
WORDS = Words(
    at_start={
        **{fault: _TRACE.format(cause=cause) for fault, cause in _CAUSES.items()},
        "no-tokenizer": _NO_TOKENIZER,
    },
    at_death="vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. "
    "See stack trace (above) for the root cause.",
    port_in_use="(APIServer pid=4200) OSError: [Errno 98] Address already in use",
)


def main(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """Run `python -m automem.testing.vllm serve MODEL ...`; unknown flags are accepted."""
    variables = os.environ if environ is None else environ
    parser = argparse.ArgumentParser(prog="vllm", description="A fake vLLM.", allow_abbrev=False)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("model")
    parser.add_argument("--served-model-name")
    parser.add_argument("--enable-lora", action="store_true")
    parser.add_argument("--lora-modules", nargs="+", default=[], metavar="NAME=PATH")
    parser.add_argument("--max-lora-rank", type=int, default=16, choices=RANKS)
    parser.add_argument("--max-loras", type=int, default=1)
    parser.add_argument("--max-model-len", type=int, default=32768)
    parser.add_argument("--max-num-seqs", type=int, default=256)
    parser.add_argument("--num-gpu-blocks-override", type=int)
    parser.add_argument("--api-key")
    parser.add_argument("--enable-prompt-tokens-details", action="store_true")
    add_orders(parser, port=8000)
    given, _ = parser.parse_known_args(arguments)
    orders = read_orders(given, parser)
    server = ModelServer(
        name=given.served_model_name or given.model,
        path=given.model,
        answer=answer_of(given.answer),
        delay_seconds=given.answer_delay,
        api_key=given.api_key or variables.get("VLLM_API_KEY"),
        context_tokens=given.max_model_len,
        lora=given.enable_lora,
        most_rank=given.max_lora_rank,
        most_running=given.max_num_seqs,
        reports_cached=given.enable_prompt_tokens_details,
        keeps_calls=False,
    )
    server.cache.most_blocks = given.num_gpu_blocks_override
    for module in given.lora_modules:
        name, path = _module(module)
        refusal = server.load(name, path, identity=f"{name} {path}")
        if refusal is not None:
            parser.exit(1, f"(APIServer pid=4200) ValueError: {refusal.said}\n")
    said = variables.get("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "")
    fake = FakeVllm(server, loads_at_run_time=said.lower() in ("1", "true"))
    listen = partial(
        listening,
        fake.handle,
        host=orders.host,
        port=orders.port,
        connections=server.connections,
    )
    return run(server, listen, orders, WORDS)


def _module(module: str) -> tuple[str, str]:
    """`name=path`, or the same as JSON."""
    if module.startswith("{"):
        table = msgspec.json.decode(module, type=dict[str, str])
        return table["name"], table["path"]
    name, _, path = module.partition("=")
    return name, path
