"""What room engines set aside for adapters: for the largest rank, in every place, from the start.

An adapted projection has two matrices, of `rank x input` and `output x rank`. Where several GPUs
share a layer, only one of the two is divided among them.
"""

from __future__ import annotations

from collections.abc import Collection

from automem.records.training import PROJECTIONS
from automem_backends.capacity.shape import Shape

_BYTES = 2


def adapter_bytes(
    shape: Shape, rank: int, *, tensor: int = 1, targets: Collection[str] = PROJECTIONS
) -> int:
    """One place for an adapter of this rank on each GPU, without pipeline parallelism.

    vLLM sets it aside for every projection it knows, whatever an adapter adapts.
    """
    hidden = shape.hidden
    queries = shape.heads * shape.head_dim
    keys = shape.kv_heads * shape.head_dim
    wide = shape.experts * shape.expert_intermediate if shape.experts else shape.intermediate
    inputs = shape.experts or 1
    first = {"q_proj": queries, "k_proj": keys, "v_proj": keys}
    up = {"gate_proj": wide, "up_proj": wide}
    numbers = 0.0
    for name in targets:
        if name in first:
            numbers += hidden + first[name] / tensor
        elif name in up:
            numbers += hidden * inputs + wide / tensor
        elif name == "o_proj":
            numbers += queries / tensor + hidden
        elif name == "down_proj":
            numbers += wide / tensor + hidden * inputs
    return round(shape.layers * rank * numbers * _BYTES)
