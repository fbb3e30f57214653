"""What an engine is told on its command line, as far as it decides about memory.

Options of the configuration come first, `engine_arguments` behind them win, and what neither says
is the engine's own default: of vLLM 0.32 and SGLang 0.5.23.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from automem.errors import ConfigError
from automem.records._struct import Record
from automem_backends.engines.options import EngineOptions

EngineName = Literal["vllm", "sglang", "local"]
_DTYPE_BYTES: Final = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2, "half": 2}
_LOCAL_CACHE_MIB = 1024
_LOCAL_SEQUENCES = 16
_LOCAL_BATCH = 1024


class Settings(Record):
    """The numbers that matter; None is what the engine decides for itself."""

    engine: EngineName
    tensor: int = 1
    """GPUs that share each layer."""
    pipeline: int = 1
    """GPUs, or groups of them, that hold different layers."""
    data: int = 1
    """Copies inside one server, with memory of their own."""
    share: float | None = None
    """Of a GPU's memory."""
    max_model_len: int | None = None
    max_num_seqs: int | None = None
    batch_tokens: int | None = None
    """Prompt tokens read in one step."""
    graphs: bool = True
    """Whether CUDA graphs are recorded, which keep memory."""
    dtype_bytes: int | None = None
    kv_dtype_bytes: int | None = None
    quantization: str = ""
    """What the engine quantizes while it loads."""
    kv_bytes: int | None = None
    """Of the cache on each GPU, where it is given and not worked out."""

    @property
    def gpus(self) -> int:
        """GPUs of one server."""
        return self.tensor * self.pipeline * self.data


_NAMES: Final = {
    "tensor": ("--tensor-parallel-size", "-tp", "--tp-size", "--tp"),
    "pipeline": ("--pipeline-parallel-size", "-pp", "--pp-size", "--pp"),
    "data": ("--data-parallel-size", "-dp", "--dp-size", "--dp"),
    "share": ("--gpu-memory-utilization", "--mem-fraction-static"),
    "length": ("--max-model-len", "--context-length"),
    "sequences": ("--max-num-seqs", "--max-running-requests"),
    "batch": ("--max-num-batched-tokens", "--chunked-prefill-size"),
    "dtype": ("--dtype",),
    "kv_dtype": ("--kv-cache-dtype",),
    "quantization": ("--quantization", "-q"),
    "kv_bytes": ("--kv-cache-memory-bytes", "--kv-cache-memory"),
    "kv_mib": ("--kv-cache-mib",),
}
_EAGER: Final = ("--enforce-eager", "--disable-cuda-graph")
_SUFFIXES: Final = {"k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}


def settings_of(engine: EngineName, options: EngineOptions) -> Settings:
    """The settings of one server. Raises ConfigError for arguments that are no numbers."""
    given = options.engine_arguments
    share = len(options.gpus) // options.replicas
    usual = Settings(
        engine=engine,
        tensor=_number(given, "tensor") or max(1, share),
        pipeline=_number(given, "pipeline") or 1,
        data=_number(given, "data") or 1,
        share=_fraction(given) or options.gpu_memory_utilization,
        max_model_len=_number(given, "length") or options.max_model_len,
        max_num_seqs=_number(given, "sequences") or options.max_num_seqs,
        batch_tokens=_number(given, "batch"),
        graphs=not any(argument in _EAGER for argument in given),
        dtype_bytes=_DTYPE_BYTES.get(_value(given, "dtype") or ""),
        kv_dtype_bytes=_kv_dtype_bytes(given),
        quantization=_value(given, "quantization") or "",
        kv_bytes=_number(given, "kv_bytes"),
    )
    if engine != "local":
        return usual
    mebibytes = _number(given, "kv_mib") or _LOCAL_CACHE_MIB
    return Settings(
        engine=engine,
        max_model_len=usual.max_model_len,
        max_num_seqs=usual.max_num_seqs or _LOCAL_SEQUENCES,
        batch_tokens=usual.batch_tokens or _LOCAL_BATCH,
        graphs=False,
        dtype_bytes=usual.dtype_bytes,
        kv_bytes=mebibytes << 20,
    )


def _kv_dtype_bytes(given: Sequence[str]) -> int | None:
    name = _value(given, "kv_dtype") or "auto"
    if name == "auto":
        return None
    return _DTYPE_BYTES.get(name, 1 if "8" in name else 2)


def _value(given: Sequence[str], what: str) -> str | None:
    """What stands behind the last of an argument's names."""
    found: str | None = None
    for position, argument in enumerate(given):
        name, equals, value = argument.partition("=")
        # vLLM takes underscores for hyphens.
        if name.replace("_", "-") in _NAMES[what]:
            behind = given[position + 1] if position + 1 < len(given) else ""
            found = value if equals else behind
    return found


def _number(given: Sequence[str], what: str) -> int | None:
    text = _value(given, what)
    if text in (None, "auto"):
        return None
    factor = _SUFFIXES.get(text[-1:], 1)
    digits = text[:-1] if factor > 1 else text
    try:
        number = float(digits) if factor > 1 else int(digits)
    except ValueError:
        raise ConfigError(
            f"engine_arguments: {_NAMES[what][0]} takes a number, not {text!r}"
        ) from None
    # What turns a bound off, such as -1, leaves the engine's default to plan with.
    return int(number * factor) if number > 0 else None


def _fraction(given: Sequence[str]) -> float | None:
    text = _value(given, "share")
    if text is None:
        return None
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0.0 < share <= 1.0:
        raise ConfigError(
            f"engine_arguments: {' or '.join(_NAMES['share'])} takes a share of the memory above "
            f"0 and up to 1, not {text!r}"
        )
    return share
