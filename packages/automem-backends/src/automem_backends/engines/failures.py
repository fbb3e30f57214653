"""Why an engine did not start, told from what it wrote, and what can be done about it."""

from __future__ import annotations

import re
from typing import NamedTuple

from automem.processes.tail import last_lines, plain

_LONGEST_COMPLAINT = 1000
"""A line is searched no further: a search may take the square of its length."""
_SMALLER = (
    "lower gpu_memory_utilization if something else uses the GPU, then max_model_len, then "
    "max_num_seqs; or name more GPUs in gpus"
)
_HARMLESS = re.compile(r"\b(DEBUG|INFO|WARNING)\b")
"""Engines tell of templates, memory and ports also where all is well."""


class _Sign(NamedTuple):
    """Words by which a cause is known."""

    words: re.Pattern[str]
    cause: str
    advice: str


def _sign(words: str, cause: str, advice: str) -> _Sign:
    return _Sign(re.compile(words, re.IGNORECASE | re.MULTILINE), cause, advice)


_SIGNS = (
    _sign(
        r"address already in use|errno 98",
        "its port is in use",
        "choose another `port`, end what listens there, or attach to it with base_url",
    ),
    _sign(
        r"max seq len .*larger than the available KV cache|estimated maximum model length",
        "the GPU has no room for one conversation of the full length",
        "lower max_model_len (the log names the longest that fits), or raise "
        "gpu_memory_utilization",
    ),
    _sign(
        r"Free memory on device .* is less than desired",
        "something else uses the GPU's memory",
        "lower gpu_memory_utilization, end the other process, or name another GPU in gpus",
    ),
    _sign(
        r"memory capacity is unbalanced|GPUs may be occupied by other processes",
        "something else uses the GPUs' memory",
        "end the other process, or name other GPUs in gpus",
    ),
    _sign(
        r"No available memory for the cache blocks|Not enough memory\. Please try to increase",
        "the weights leave no room for conversations on the GPU",
        "raise gpu_memory_utilization, lower max_model_len, or name more GPUs in gpus",
    ),
    _sign(
        r"out of memory .*(warming up|dummy requests)|warming up sampler",
        "the GPU's memory does not suffice for so many calls at once",
        "lower max_num_seqs, then gpu_memory_utilization",
    ),
    _sign(
        r"OutOfMemoryError|CUDA out of memory|hip out of memory|std::bad_alloc",
        "memory does not suffice",
        _SMALLER,
    ),
    _sign(
        r"can'?t load tokenizer|unable to load (the )?vocab|tokenizer.*(not found|is missing)|"
        r"couldn'?t instantiate the backend tokenizer",
        "the model's folder has no tokenizer",
        "put the tokenizer's files beside the weights, or name one: engine_arguments = "
        '["--tokenizer", "PATH"] (SGLang: "--tokenizer-path")',
    ),
    _sign(
        r"(no|not|without|missing|must provide|cannot use|invalid)\b.{0,40}\bchat[ _]template|"
        r"chat[ _]template.{0,40}\b(not|no longer|missing|required|invalid)\b",
        "the model has no chat template, or one that does not fit",
        'name one: engine_arguments = ["--chat-template", "FILE.jinja"]; or serve a model that is '
        "tuned to converse",
    ),
    _sign(
        r"gated repo|401 client error|awaiting a review|must be authenticated",
        "the model may be fetched only with a key",
        'accept its terms, set HF_TOKEN and let the engine have it: variables = ["HF_TOKEN"]',
    ),
    _sign(
        r"not a valid model identifier|repository not found|does not appear to have a file named|"
        r"invalid repository id|cannot find .*(config\.json|the requested files)|"
        r"outgoing traffic has been disabled|couldn'?t connect to",
        "the model is not there",
        "check `model`: the folder of a model, or its name on the hub, which must be fetched "
        "beforehand where there is no network",
    ),
    _sign(
        r"unrecognized arguments|invalid choice|error: argument",
        "it does not know one of its arguments",
        "check engine_arguments, and that the engine is of a version AutoMem knows",
    ),
    _sign(
        r"No CUDA GPUs are available|failed to infer device type|no nvidia driver|"
        r"driver version is insufficient|libcuda\.so",
        "it finds no GPU it can use",
        "check the driver with nvidia-smi and the numbers in gpus; without a GPU use the backend "
        "local",
    ),
    _sign(
        r"^cannot call ",
        "its program cannot be called",
        "check `program`, which is a list: the program and its first arguments",
    ),
    _sign(
        r"no module named|cannot import name",
        "its interpreter lacks a package",
        "make it anew: automem setup vllm --remove, then automem setup vllm (or sglang)",
    ),
)


def explain(log: str) -> str:
    """Cause and advice, as far as the log tells them, and its last lines."""
    lines = (plain(line)[:_LONGEST_COMPLAINT] for line in log.split("\n"))
    complaints = "\n".join(line for line in lines if not _HARMLESS.search(line))
    found = next((sign for sign in _SIGNS if sign.words.search(complaints)), None)
    told = f": {found.cause}; {found.advice}" if found else ""
    return f"{told}{last_lines(log)}"


def is_port_taken(log: str) -> bool:
    """Whether it ended because its port was in use."""
    return _SIGNS[0].words.search(log) is not None


def advice_for(words: str) -> str:
    """What to do about the refusal of a request; empty where nothing is known."""
    found = next((sign for sign in _SIGNS if sign.words.search(words)), None)
    return f"; {found.cause}: {found.advice}" if found else ""
