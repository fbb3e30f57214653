"""Dimensions of well-known models, for those that are not on this machine.

Each row is from the `config.json` that the model's makers published on the Hugging Face hub, as it
was in November 2026. A name is found by its beginning, so that `Qwen/Qwen2.5-7B-Instruct-AWQ` is
`qwen2.5-7b`; the word at its end says how it is quantized. Parameters are computed from the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from automem_backends.capacity.shape import FULL, Shape


class _Row(NamedTuple):
    """The columns of the table."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    context: int
    tied: bool = False
    experts: int = 0
    expert_intermediate: int = 0
    window: int = FULL
    window_every: int = 0
    """Every so manieth layer attends to everything, the others to the window."""


_ROWS: Final[Mapping[str, _Row]] = {
    "qwen2.5-0.5b": _Row(896, 24, 14, 2, 64, 4864, 151936, 32768, tied=True),
    "qwen2.5-1.5b": _Row(1536, 28, 12, 2, 128, 8960, 151936, 32768, tied=True),
    "qwen2.5-3b": _Row(2048, 36, 16, 2, 128, 11008, 151936, 32768, tied=True),
    "qwen2.5-7b": _Row(3584, 28, 28, 4, 128, 18944, 152064, 32768),
    "qwen2.5-14b": _Row(5120, 48, 40, 8, 128, 13824, 152064, 32768),
    "qwen2.5-32b": _Row(5120, 64, 40, 8, 128, 27648, 152064, 32768),
    "qwen2.5-72b": _Row(8192, 80, 64, 8, 128, 29568, 152064, 32768),
    "qwen3-0.6b": _Row(1024, 28, 16, 8, 128, 3072, 151936, 40960, tied=True),
    "qwen3-1.7b": _Row(2048, 28, 16, 8, 128, 6144, 151936, 40960, tied=True),
    "qwen3-4b": _Row(2560, 36, 32, 8, 128, 9728, 151936, 40960, tied=True),
    "qwen3-8b": _Row(4096, 36, 32, 8, 128, 12288, 151936, 40960),
    "qwen3-14b": _Row(5120, 40, 40, 8, 128, 17408, 151936, 40960),
    "qwen3-32b": _Row(5120, 64, 64, 8, 128, 25600, 151936, 40960),
    "qwen3-30b-a3b": _Row(
        2048, 48, 32, 4, 128, 6144, 151936, 40960, experts=128, expert_intermediate=768
    ),
    "qwen3-235b-a22b": _Row(
        4096, 94, 64, 4, 128, 12288, 151936, 40960, experts=128, expert_intermediate=1536
    ),
    "llama-3-8b": _Row(4096, 32, 32, 8, 128, 14336, 128256, 8192),
    "llama-3-70b": _Row(8192, 80, 64, 8, 128, 28672, 128256, 8192),
    "llama-3.1-8b": _Row(4096, 32, 32, 8, 128, 14336, 128256, 131072),
    "llama-3.1-70b": _Row(8192, 80, 64, 8, 128, 28672, 128256, 131072),
    "llama-3.2-1b": _Row(2048, 16, 32, 8, 64, 8192, 128256, 131072, tied=True),
    "llama-3.2-3b": _Row(3072, 28, 24, 8, 128, 8192, 128256, 131072, tied=True),
    "llama-3.3-70b": _Row(8192, 80, 64, 8, 128, 28672, 128256, 131072),
    "mistral-7b": _Row(4096, 32, 32, 8, 128, 14336, 32768, 32768),
    "mistral-nemo": _Row(5120, 40, 32, 8, 128, 14336, 131072, 131072),
    "mixtral-8x7b": _Row(
        4096, 32, 32, 8, 128, 14336, 32000, 32768, experts=8, expert_intermediate=14336
    ),
    "gemma-2-2b": _Row(
        2304, 26, 8, 4, 256, 9216, 256000, 8192, tied=True, window=4096, window_every=2
    ),
    "gemma-2-9b": _Row(
        3584, 42, 16, 8, 256, 14336, 256000, 8192, tied=True, window=4096, window_every=2
    ),
    "gemma-2-27b": _Row(
        4608, 46, 32, 16, 128, 36864, 256000, 8192, tied=True, window=4096, window_every=2
    ),
}
_PREFIX = re.compile(r"^(meta-)?")


def known_names() -> tuple[str, ...]:
    """Every beginning of a name that is known."""
    return tuple(_ROWS)


def known_shape(model: str) -> Shape | None:
    """The dimensions of a model on the hub, by its name; None where it is not known."""
    name = _PREFIX.sub("", model.rstrip("/").rpartition("/")[2].lower())
    fitting = [known for known in _ROWS if re.match(rf"{re.escape(known)}(?![a-z0-9.])", name)]
    if not fitting:
        return None
    best = max(fitting, key=len)
    method, bits = _quantized(name)
    row = _ROWS[best]
    shape = Shape(
        **{key: getattr(row, key) for key in _Row._fields if key in Shape.__struct_fields__},
        windows=_windows(row),
    )
    return msgspec.structs.replace(shape, quantization=method, bits=bits)


def _windows(row: _Row) -> tuple[int, ...]:
    if not row.window_every:
        return ()
    return tuple(
        FULL if (number + 1) % row.window_every == 0 else row.window for number in range(row.layers)
    )


def _quantized(name: str) -> tuple[str, int]:
    """The method and the bits, as names on the hub say them."""
    for words, method, bits in (
        (r"awq", "awq", 4),
        (r"gptq-int8", "gptq", 8),
        (r"gptq|int4|4bit|w4a16", "gptq", 4),
        (r"nvfp4|fp4", "fp4", 4),
        (r"fp8", "fp8", 8),
        (r"int8|w8a8|w8a16", "int8", 8),
    ):
        if re.search(rf"(^|[-_.])({words})([-_.]|$)", name):
            return method, bits
    return "", 16
