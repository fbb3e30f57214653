"""A plan in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from automem.ui.words import plural
from automem_backends.capacity.fit import Figures
from automem_backends.capacity.gpus import GIB
from automem_backends.capacity.result import Capacity, EngineCapacity

KIB = 1 << 10


def tell(capacity: Capacity) -> list[str]:
    """Every engine, what is wrong, and how many episodes fit at once."""
    lines = [_gpus(capacity)]
    for engine in capacity.engines:
        lines += ["", *_engine(engine)]
    if capacity.elsewhere:
        named = ", ".join(f"{role} ({backend})" for role, backend in capacity.elsewhere.items())
        lines += ["", f"takes no GPU of this machine: {named}"]
    for problem in capacity.problems:
        lines += ["", f"  PROBLEM  {problem}"]
    return [*lines, "", verdict(capacity)]


def verdict(capacity: Capacity) -> str:
    """The last line."""
    if not capacity.engines:
        return "No role names an engine that would be started: there is nothing to fit."
    if capacity.fits is False:
        return "It does not fit as it stands."
    if capacity.episodes is None:
        return "Name GPUs to see how many episodes fit at once: --gpu h100-80g"
    fitting = f"It fits: {plural(capacity.episodes, 'episode')} at once"
    wanted = capacity.wanted
    if wanted <= capacity.episodes:
        return f"{fitting}, and the configuration plays {wanted:,}."
    return (
        f"{fitting} with every conversation at its longest. The configuration plays {wanted:,}: "
        "more of them wait for one another then, or set evaluation.episodes_at_once = "
        f"{capacity.episodes}."
    )


def _gpus(capacity: Capacity) -> str:
    if capacity.origin == "none":
        return "No GPU was found here (nvidia-smi), and none is named with --gpu."
    names = dict.fromkeys(capacity.gpus)
    listed = ", ".join(f"{capacity.gpus.count(name)} x {name}" for name in names)
    if capacity.origin == "found":
        return f"GPUs found: {listed}"
    return f"GPUs named: {listed}"


def _engine(engine: EngineCapacity) -> Iterator[str]:
    where = "on the processor"
    if engine.gpus_each:
        each = plural(engine.gpus_each, "GPU")
        where = f"on {each}" if engine.servers == 1 else f"{engine.servers} servers of {each}"
    yield f"{engine.backend} with {engine.model}, for {' and '.join(engine.roles)}: {where}"
    if engine.parameters:
        yield f"  {engine.parameters / 1e9:.3g} billion parameters, {engine.weights}"
    if engine.figures is not None:
        yield from _table(engine, engine.figures)
    yield from _conversations(engine)
    for note in engine.notes:
        yield f"  note: {note}"
    for problem in engine.problems:
        yield f"  PROBLEM  {problem}"
    if engine.alternatives:
        yield "  It would fit on, for each server (GPUs: episodes at once):"
        for other in engine.alternatives:
            yield f"    {other.gpus} x {other.gpu}: {other.episodes:,}"


def _conversations(engine: EngineCapacity) -> Iterator[str]:
    for one in engine.conversations:
        who = " and ".join(one.roles)
        answered = "the model" if one.adapter is None else one.adapter
        cut = ""
        if one.uncut > one.tokens:
            cut = f"; cut from {one.uncut:,} to what the engine takes"
        yield f"  conversation of {who} ({answered}): {one.tokens:,} tokens, {one.source}{cut}"
    if len(engine.conversations) > 1:
        yield "  They share no prefix in the cache, so an episode keeps both."


def _table(engine: EngineCapacity, found: Figures) -> Iterator[str]:
    which = "each GPU, " if engine.gpus_each else ""
    places = f"{plural(engine.adapters, 'place')} of rank {engine.rank}"
    kept = f"{found.cache_tokens:,} tokens of conversations"
    if found.token_bytes:
        kept += f", {found.token_bytes / KIB:,.1f} KiB for each"
    yield f"  of {which}{engine.gpu}, {_gib(found.memory_bytes).strip()}:"
    for name, value, said in (
        ("the engine takes", found.budget_bytes, ""),
        ("weights", found.weight_bytes, ""),
        ("adapters", found.adapter_bytes, places),
        ("activations", found.activation_bytes, "estimate"),
        ("CUDA graphs", found.graph_bytes, "estimate"),
        ("driver", found.context_bytes, "estimate"),
        ("cache", found.cache_bytes, kept),
    ):
        if value:
            yield f"    {name:<17}{_gib(value)}  {said}".rstrip()
    bound = "" if found.sequences is None else f" (it answers {found.sequences:,} calls at once)"
    servers = "" if engine.servers == 1 else f" on {engine.servers} servers"
    yield (
        f"  one episode keeps {_gib(found.episode_bytes).strip()} of it: "
        f"{engine.episodes:,} at once{servers}{bound}"
    )


def _gib(value: int) -> str:
    return f"{value / GIB:8.2f} GiB"
