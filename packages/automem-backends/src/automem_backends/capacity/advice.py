"""What to lower, or which GPU to take, where something does not fit."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from automem.records._struct import Record
from automem.ui.words import size
from automem_backends.capacity.fit import Figures, Need, figures, serves, starts
from automem_backends.capacity.gpus import Gpu, table
from automem_backends.capacity.shape import Shape

_COUNTS = (1, 2, 4, 8)
_LARGEST_SHARE = 0.95


class Alternative(Record):
    """GPUs on which one server fits."""

    gpu: str
    gpus: int
    """For one server."""
    episodes: int
    """That it holds at once."""


def alternatives(need: Need) -> tuple[Alternative, ...]:
    """For each GPU that can be named, the fewest on which a server holds an episode."""
    found = (_fewest(need, gpu, _COUNTS) for gpu in table())
    return tuple(one for one in found if one is not None)


def problems(need: Need, gpu: Gpu, found: Figures) -> tuple[str, ...]:
    """Why a server would not start on such GPUs, or hold no episode, and what helps."""
    if serves(need, found):
        return ()
    name = "max_model_len"
    cures = [*_share(need, gpu), *_wider(need, gpu), *_larger(need, gpu), *_smaller(need, gpu)]
    ways = "; or ".join(cures) or "take a smaller model, or a quantized one"
    if found.cache_bytes <= 0:
        taken = found.budget_bytes - found.cache_bytes
        return (
            f"{size(taken)} a GPU are taken before any conversation, and the engine has "
            f"{size(found.budget_bytes)} of the {size(found.memory_bytes)} of {gpu.name}: {ways}",
        )
    if not starts(need, found):
        lower = f"set {name} = {found.longest:,}".replace(",", "_") if found.longest else ""
        said = f"one conversation of {need.longest:,} tokens needs {size(found.conversation_bytes)}"
        which = "as the model's full length, where max_model_len is not set"
        if need.settings.max_model_len:
            which = f"as {name} asks for"
        return (
            f"{said} a GPU, {which}, and {size(found.cache_bytes)} are left: "
            f"{'; or '.join(part for part in (lower, ways) if part)}",
        )
    return (
        f"the conversations of one episode need {size(found.episode_bytes)} a GPU, and "
        f"{size(found.cache_bytes)} are left: lower {name} or max_tokens; or {ways}",
    )


def may_share(shape: Shape, tensor: int) -> bool:
    """Whether so many GPUs can share each layer: they divide the heads evenly."""
    even = shape.kv_heads % tensor == 0 or tensor % shape.kv_heads == 0
    return shape.heads % tensor == 0 and even


def _fewest(need: Need, gpu: Gpu, counts: Iterable[int]) -> Alternative | None:
    for count in counts:
        if not may_share(need.shape, count):
            continue
        other = _with(need, tensor=count, pipeline=1, data=1)
        found = figures(other, gpu)
        if serves(other, found):
            return Alternative(gpu=gpu.name, gpus=count, episodes=found.episodes)
    return None


def _share(need: Need, gpu: Gpu) -> list[str]:
    settings = need.settings
    if settings.share is None or settings.share >= _LARGEST_SHARE:
        return []
    other = _with(need, share=_LARGEST_SHARE)
    helps = serves(other, figures(other, gpu))
    return [f"raise gpu_memory_utilization to {_LARGEST_SHARE}"] if helps else []


def _wider(need: Need, gpu: Gpu) -> list[str]:
    if need.settings.engine == "local":
        return []
    more = [count for count in _COUNTS if count > need.settings.tensor]
    found = _fewest(need, gpu, more)
    return [f"name {found.gpus} GPUs for each server in gpus"] if found else []


def _larger(need: Need, gpu: Gpu) -> list[str]:
    for other in table():
        if other.memory_bytes > gpu.memory_bytes and serves(need, figures(need, other)):
            each = f"{need.settings.gpus} " if need.settings.gpus > 1 else ""
            return [f"take {each}{other.name}"]
    return []


def _smaller(need: Need, gpu: Gpu) -> list[str]:
    """Numbers of the configuration that make room on these GPUs; the first that suffices."""
    tries = {
        "set max_num_seqs = 64": _with(need, max_num_seqs=64),
        "set max_loras = 1": msgspec.structs.replace(need, places=min(1, need.places)),
    }
    if need.settings.engine == "local":
        enough = _enough(need, gpu)
        said = f'set engine_arguments = ["--kv-cache-mib", "{enough >> 20}"]'
        tries = {said: _with(need, kv_bytes=enough)}
    helping = (said for said, other in tries.items() if serves(other, figures(other, gpu)))
    return list(helping)[:1]


def _enough(need: Need, gpu: Gpu) -> int:
    """Bytes that the local engine must be given to hold one episode and one conversation."""
    found = figures(need, gpu)
    wanted = max(found.episode_bytes, found.conversation_bytes)
    return -(-wanted // (256 << 20)) * (256 << 20)


def _with(need: Need, **changes: object) -> Need:
    settings = msgspec.structs.replace(need.settings, **changes)
    return msgspec.structs.replace(need, settings=settings)
