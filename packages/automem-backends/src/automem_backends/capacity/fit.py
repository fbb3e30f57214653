"""Arithmetic: what one engine holds on GPUs of one kind, and how many episodes that serves.

Everything here is of one GPU and of one server; who has several multiplies.
"""

from __future__ import annotations

from collections.abc import Callable

from automem.records._struct import Record
from automem.records.training import PROJECTIONS
from automem_backends.capacity.gpus import Gpu
from automem_backends.capacity.lora import adapter_bytes
from automem_backends.capacity.overhead import overhead
from automem_backends.capacity.settings import Settings
from automem_backends.capacity.shape import Shape

BLOCK_TOKENS = 16
"""Conversations are kept in blocks of so many tokens."""


class Need(Record):
    """What one server is asked to hold."""

    settings: Settings
    shape: Shape
    weight_bytes: int
    """Of the whole model."""
    places: int = 0
    """Adapters in memory at once; 0 serves none."""
    rank: int = 0
    targets: tuple[str, ...] = PROJECTIONS
    conversations: tuple[int, ...] = ()
    """Tokens of each conversation that one episode keeps there at the same time."""

    @property
    def longest(self) -> int:
        """The longest conversation that the engine is told to be ready for; 0 is unknown."""
        return self.settings.max_model_len or self.shape.context


class Figures(Record):
    """Bytes on each GPU, and what they serve."""

    memory_bytes: int
    budget_bytes: int
    """What the engine takes of it."""
    weight_bytes: int
    adapter_bytes: int
    activation_bytes: int
    graph_bytes: int
    context_bytes: int
    cache_bytes: int
    """Left for conversations; negative is what is missing."""
    token_bytes: int
    """Keys and values of a token, on this GPU, in layers that attend to everything."""
    conversation_bytes: int
    """One conversation of the longest length the engine is ready for, on this GPU."""
    cache_tokens: int
    """Tokens that one copy of the model keeps, as the engine prints it."""
    longest: int
    """The longest conversation that fits, in tokens."""
    episode_bytes: int
    """All conversations of one episode, on this GPU."""
    sequences: int | None
    """Most calls that the server answers at the same moment."""
    episodes: int
    """Episodes that one server holds at once."""


def figures(need: Need, gpu: Gpu) -> Figures:
    """What fits on such GPUs, as many as the settings say."""
    settings, shape = need.settings, need.shape
    tensor, pipeline = settings.tensor, settings.pipeline
    # The stage with the embeddings is the largest.
    embedding = round(need.weight_bytes * shape.embedding_parameters / shape.parameters)
    weights = round(((need.weight_bytes - embedding) / pipeline + embedding) / tensor)
    one = adapter_bytes(shape, need.rank, tensor=tensor, targets=need.targets)
    adapters = need.places * round(one / pipeline)
    taken = overhead(settings, shape, gpu, weights, adapters=need.places > 0)
    besides = weights + adapters + taken.activations + taken.graphs + taken.context
    left = taken.budget - besides
    if settings.kv_bytes is not None:
        left = min(left, settings.kv_bytes)
    width = settings.kv_dtype_bytes or settings.dtype_bytes or shape.dtype_bytes

    def size(tokens: int) -> int:
        blocks = -(-tokens // BLOCK_TOKENS) * BLOCK_TOKENS
        return shape.conversation_bytes(
            blocks, tensor=tensor, pipeline=pipeline, dtype_bytes=width, ahead=taken.batch_tokens
        )

    longest = need.longest or 1
    episode = sum(size(tokens) for tokens in need.conversations)
    by_memory = max(0, left) // episode if episode else 0
    by_calls = by_memory if taken.sequences is None else min(by_memory, taken.sequences)
    return Figures(
        memory_bytes=gpu.memory_bytes,
        budget_bytes=taken.budget,
        weight_bytes=weights,
        adapter_bytes=adapters,
        activation_bytes=taken.activations,
        graph_bytes=taken.graphs,
        context_bytes=taken.context,
        cache_bytes=left,
        token_bytes=shape.token_bytes(tensor=tensor, pipeline=pipeline, dtype_bytes=width),
        conversation_bytes=size(longest),
        cache_tokens=_blocks(max(0, left) * longest // max(1, size(longest))),
        longest=_longest(longest, left, size),
        episode_bytes=episode,
        sequences=taken.sequences,
        episodes=by_calls * settings.data,
    )


def starts(need: Need, found: Figures) -> bool:
    """Whether the engine would start: vLLM wants room for one conversation of the full length."""
    if found.cache_bytes < BLOCK_TOKENS * max(1, found.token_bytes):
        return False
    return need.settings.engine == "sglang" or found.conversation_bytes <= found.cache_bytes


def serves(need: Need, found: Figures) -> bool:
    """Whether it would start, and hold at least one episode."""
    return starts(need, found) and (found.episodes > 0 or not need.conversations)


def _longest(limit: int, left: int, size: Callable[[int], int]) -> int:
    """The most tokens, in whole blocks and up to `limit`, whose size fits into what is left."""
    low, high = 0, limit // BLOCK_TOKENS
    while low < high:
        middle = (low + high + 1) // 2
        if size(middle * BLOCK_TOKENS) <= left:
            low = middle
        else:
            high = middle - 1
    return low * BLOCK_TOKENS


def _blocks(tokens: int) -> int:
    return tokens // BLOCK_TOKENS * BLOCK_TOKENS
