"""What an engine takes besides weights and conversations. These are estimates.

What they assume, and against which published starts they were checked, is in the guide on
capacity. They are made to be rather too large than too small: an engine measures at its start what
is left, and takes all of it.
"""

from __future__ import annotations

from automem.records._struct import Record
from automem_backends.capacity.gpus import GIB, MIB, Gpu
from automem_backends.capacity.settings import Settings
from automem_backends.capacity.shape import Shape

_VLLM_SHARE = 0.92
_LARGE_GPU = 70 * GIB
"""From here on vLLM reads more at a time, but on an A100."""
_CONTEXT_BYTES = GIB // 4
"""The driver's part of a process, and as much again for talk among GPUs."""
_SAMPLING_COPIES = 3.5
"""How many arrays of 32-bit numbers, calls by vocabulary, drawing a token takes at its peak."""
_GRAPH_BYTES = GIB // 2
_GRAPH_SHARE = 0.02
"""Of the weights, which grows with the number of kernels that are recorded."""
_ACTIVE_EXPERTS = 8
_LOCAL_BYTES = GIB // 2


class Overhead(Record):
    """Bytes on one GPU."""

    budget: int
    """All the engine takes for weights, conversations and what is listed here."""
    activations: int = 0
    graphs: int = 0
    context: int = 0
    batch_tokens: int
    """Prompt tokens it reads in one step."""
    sequences: int | None
    """Most calls it answers at the same moment; None where memory alone decides."""


def overhead(
    settings: Settings, shape: Shape, gpu: Gpu, weights: int, *, adapters: bool = False
) -> Overhead:
    """What an engine with these settings takes on such a GPU, which holds `weights` bytes of it."""
    if settings.engine == "vllm":
        return _vllm(settings, shape, gpu, weights, adapters=adapters)
    if settings.engine == "sglang":
        return _sglang(settings, gpu)
    return Overhead(
        budget=gpu.memory_bytes,
        activations=_LOCAL_BYTES,
        batch_tokens=settings.batch_tokens or 0,
        sequences=settings.max_num_seqs,
    )


def _vllm(settings: Settings, shape: Shape, gpu: Gpu, weights: int, *, adapters: bool) -> Overhead:
    large = gpu.memory_bytes >= _LARGE_GPU and "a100" not in gpu.name.lower()
    batch = settings.batch_tokens or (8192 if large else 2048)
    sequences = settings.max_num_seqs or (1024 if large else 256)
    graphs = _GRAPH_BYTES + round(_GRAPH_SHARE * weights)
    return Overhead(
        budget=round((settings.share or _VLLM_SHARE) * gpu.memory_bytes),
        activations=max(
            _forward(shape, batch, settings.tensor),
            round(min(sequences, batch) * shape.vocabulary * 4 * _SAMPLING_COPIES),
        ),
        # With adapters each is recorded twice, with and without them.
        graphs=graphs * (1 + adapters) if settings.graphs else 0,
        context=_CONTEXT_BYTES * (2 if settings.gpus > 1 else 1),
        batch_tokens=batch,
        sequences=sequences,
    )


def _forward(shape: Shape, tokens: int, tensor: int) -> int:
    """What one layer has in hand at its peak, for as many tokens: three widths and four copies."""
    width = max(shape.intermediate, _ACTIVE_EXPERTS * shape.expert_intermediate)
    return tokens * 2 * (3 * width // tensor + 4 * shape.hidden)


def _sglang(settings: Settings, gpu: Gpu) -> Overhead:
    """Its share is for weights and conversations alone, the rest for everything else."""
    share = settings.share or sglang_share(settings, gpu)
    return Overhead(
        budget=round(share * gpu.memory_bytes),
        context=2 * _CONTEXT_BYTES,
        batch_tokens=settings.batch_tokens or _sglang_steps(settings, gpu)[0],
        sequences=settings.max_num_seqs,
    )


def sglang_share(settings: Settings, gpu: Gpu) -> float:
    """What SGLang chooses by itself, by the rule of its `server_args.py`: it knows what is left."""
    mebibytes = gpu.memory_bytes / MIB
    batch, recorded = _sglang_steps(settings, gpu)
    reserved = 512 + max(settings.batch_tokens or batch, 2048) * 1.5 + recorded * 2
    reserved += settings.tensor * settings.pipeline / 8 * 1024
    if mebibytes > 60 * 1024:
        reserved = max(reserved, 10 * 1024)
    return max(0.01, round(1 - reserved / mebibytes, 3))


def _sglang_steps(settings: Settings, gpu: Gpu) -> tuple[int, int]:
    """Prompt tokens of a step, and calls for which graphs are recorded."""
    few = settings.tensor < 4
    steps = (
        (20, 2048, 8),
        (35, 2048, 24 if few else 80),
        (60, 4096, 32 if few else 160),
        (160, 8192, 256 if few else 512),
    )
    fitting = (step[1:] for step in steps if gpu.memory_bytes < step[0] * GIB)
    return next(fitting, (16384, 512))
