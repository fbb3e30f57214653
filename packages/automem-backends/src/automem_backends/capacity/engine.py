"""Plans one engine: its GPUs, its model, its adapters, and the conversations that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automem.errors import ConfigError
from automem.models.adapters import SETTINGS
from automem.models.served import read_adapter
from automem.records.config import RoleSection
from automem.records.model import Role
from automem.records.training import PROJECTIONS, served_rank
from automem.run.provenance import memory_bytes
from automem_backends.capacity.advice import alternatives, may_share, problems
from automem_backends.capacity.conversations import Length
from automem_backends.capacity.fit import Need, figures, serves
from automem_backends.capacity.gpus import Gpu, Supply
from automem_backends.capacity.overhead import sglang_share
from automem_backends.capacity.result import Conversation, EngineCapacity
from automem_backends.capacity.settings import EngineName, Settings, settings_of
from automem_backends.capacity.weights import Weights, read_weights
from automem_backends.engines.options import EngineOptions

ASSUMED_RANK = 256
"""Of an adapter that is not there yet, where no `max_lora_rank` says otherwise."""


@dataclass(slots=True)
class Group:
    """Roles that share an engine."""

    engine: EngineName
    model: str
    options: EngineOptions
    sections: dict[Role, RoleSection] = field(default_factory=dict[Role, RoleSection])


def plan_engine(
    group: Group, talks: Mapping[Role, Length], supply: Supply, environ: Mapping[str, str]
) -> EngineCapacity:
    """Plan one engine. Raises ConfigError for options and adapters that cannot be read."""
    options = group.options
    settings = settings_of(group.engine, options)
    gpu, missing = _gpu(group, settings, supply)
    on_processor = group.engine == "local" and not supply.gpus
    if on_processor:
        settings = msgspec.structs.replace(settings, dtype_bytes=settings.dtype_bytes or 4)
    servers = len(options.urls) or options.replicas
    plan = EngineCapacity(
        backend=group.engine,
        model=group.model,
        roles=tuple(group.sections),
        servers=servers,
        attached=bool(options.urls),
        gpus_each=0 if on_processor else settings.gpus,
        gpu=gpu.name if gpu else "",
        problems=missing,
    )
    if options.urls:
        said = f"it runs already at {', '.join(options.urls)}, and is planned as if it started here"
        plan = msgspec.structs.replace(plan, notes=(said,))
    try:
        weights = read_weights(
            group.model,
            dtype_bytes=settings.dtype_bytes,
            quantization=settings.quantization,
            environ=environ,
        )
    except ConfigError as error:
        return msgspec.structs.replace(plan, problems=(*missing, str(error)))
    need, notes = _need(group, settings, weights, talks)
    spoken = _conversations(group, need, talks)
    need = msgspec.structs.replace(need, conversations=tuple(one.tokens for one in spoken))
    plan = msgspec.structs.replace(
        plan,
        parameters=weights.shape.parameters,
        weights=weights.source,
        adapters=need.places,
        rank=need.rank,
        conversations=spoken,
        notes=(*plan.notes, *notes),
        problems=(*missing, *_uneven(need), *_too_long(group, talks, need)),
    )
    if gpu is None:
        return msgspec.structs.replace(plan, alternatives=alternatives(need))
    found = figures(need, gpu)
    plan = msgspec.structs.replace(plan, notes=(*plan.notes, *_greed(settings, gpu)))
    return msgspec.structs.replace(
        plan,
        figures=found,
        episodes=found.episodes * servers if serves(need, found) else 0,
        problems=(*plan.problems, *problems(need, gpu, found)),
    )


def _gpu(group: Group, settings: Settings, supply: Supply) -> tuple[Gpu | None, tuple[str, ...]]:
    """The smallest of the GPUs it gets, and what is wrong with them."""
    options = group.options
    if group.engine == "local" and not supply.gpus:
        memory = memory_bytes()
        return (Gpu(name="main memory", memory_bytes=memory), ()) if memory else (None, ())
    if supply.origin == "none":
        return None, ()
    if len(options.gpus) % options.replicas:
        said = f"{len(options.gpus)} GPUs cannot be divided among {options.replicas} replicas"
        return None, (f"{said}: name as many for each in gpus",)
    wrong: list[str] = []
    if not options.gpus and options.replicas > 1 and not options.urls:
        wrong.append(
            f"{options.replicas} replicas and no gpus: all of them would start on the first GPU; "
            f"name {options.replicas * settings.gpus} in gpus"
        )
    share = len(options.gpus) // options.replicas
    if share and share != settings.gpus:
        wrong.append(
            f"engine_arguments ask for {settings.gpus} GPUs a server, and gpus gives {share}"
        )
    count = settings.gpus * options.replicas
    taken = supply.take(options.gpus, count)
    if taken is None:
        numbers = f" numbered {', '.join(map(str, options.gpus))}" if options.gpus else ""
        wrong.append(
            f"it asks for {count} GPUs{numbers}, and there are {len(supply.gpus)}: change gpus, "
            "or name more with --gpu"
        )
        taken = supply.gpus
    return min(taken, key=lambda gpu: gpu.memory_bytes), tuple(wrong)


def _need(
    group: Group, settings: Settings, weights: Weights, talks: Mapping[Role, Length]
) -> tuple[Need, list[str]]:
    """Everything but the conversations."""
    options, notes = group.options, list[str]()
    named = {section.adapter for section in group.sections.values() if section.adapter}
    ranks, targets = [options.max_lora_rank or 0], set[str]()
    for given in sorted(named):
        if not (Path(given).expanduser() / SETTINGS).is_file():
            assumed = options.max_lora_rank or ASSUMED_RANK
            notes.append(f"there is no adapter at {given} yet: planned with rank {assumed}")
            ranks.append(assumed)
            targets.update(PROJECTIONS)
            continue
        adapter = read_adapter(given, group.model)
        ranks.append(adapter.rank)
        targets.update(adapter.targets)
    serving = bool(named or options.max_lora_rank or options.max_loras)
    places = (options.max_loras or max(1, len(named))) if serving else 0
    rank = (max(ranks) or 16) if serving else 0
    if group.engine == "vllm":
        rank = served_rank(rank) if serving else 0
        targets = set(PROJECTIONS)
    elif group.engine == "sglang" and serving:
        places += 1
    shape = weights.shape
    if len(shape.attention) < shape.layers:
        notes.append("its other layers keep a state of fixed size, which is not counted")
    need = Need(
        settings=settings,
        shape=shape,
        weight_bytes=weights.bytes,
        places=places,
        rank=rank,
        targets=tuple(sorted(targets or PROJECTIONS)),
    )
    return need, notes


def _conversations(
    group: Group, need: Need, talks: Mapping[Role, Length]
) -> tuple[Conversation, ...]:
    """One for the model and for each adapter: they share no prefix in the cache."""
    by_adapter: dict[str | None, list[Role]] = {}
    for role, section in group.sections.items():
        by_adapter.setdefault(section.adapter, []).append(role)
    found: list[Conversation] = []
    for adapter, roles in by_adapter.items():
        longest = max((talks[role] for role in roles), key=lambda length: length.tokens)
        cut = min(longest.tokens, need.longest or longest.tokens)
        found.append(
            Conversation(
                adapter=adapter,
                roles=tuple(roles),
                tokens=cut,
                uncut=longest.tokens,
                source=longest.source,
            )
        )
    return tuple(found)


def _greed(settings: Settings, gpu: Gpu) -> list[str]:
    """Where a share that is fine for vLLM is more than SGLang would take."""
    if settings.engine != "sglang" or settings.share is None:
        return []
    own = sglang_share(settings, gpu)
    if settings.share <= own:
        return []
    return [
        f"SGLang needs what gpu_memory_utilization leaves for activations and CUDA graphs: by "
        f"itself it would take {own:g} of such a GPU, not {settings.share:g}"
    ]


def _uneven(need: Need) -> list[str]:
    tensor, shape = need.settings.tensor, need.shape
    if may_share(shape, tensor):
        return []
    return [
        f"{tensor} GPUs cannot share the model's {shape.heads} heads, {shape.kv_heads} of them for "
        "keys and values, which engines refuse: name 2, 4 or 8 GPUs for each server"
    ]


def _too_long(group: Group, talks: Mapping[Role, Length], need: Need) -> list[str]:
    """Measured conversations that the engine is told not to take."""
    return [
        f"conversations of {role} reach {talks[role].tokens:,} tokens with their answer, and the "
        f"engine takes {need.longest:,}: raise max_model_len, or lower max_tokens"
        for role in group.sections
        if talks[role].measured and talks[role].tokens > (need.longest or talks[role].tokens)
    ]
