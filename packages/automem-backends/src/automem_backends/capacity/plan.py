"""What the engines of a configuration hold on the GPUs there are, or on those that are named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import cast, get_args

from automem.agent.making import plays_by_scaffold
from automem.errors import ConfigError
from automem.evaluate.plan import chosen_seeds
from automem.models.engines import EngineKey
from automem.models.roles import resolve_roles
from automem.plugins import Plugins
from automem.records.config import RoleSection, RunConfig
from automem.records.model import Role
from automem.run.layout import run_folder
from automem.spec import BackendSpec
from automem_backends.capacity.conversations import Length, lengths
from automem_backends.capacity.engine import Group, plan_engine
from automem_backends.capacity.gpus import Supply
from automem_backends.capacity.result import Capacity, EngineCapacity
from automem_backends.capacity.settings import EngineName
from automem_backends.engines.options import EngineOptions

_DEFAULT_SHARE = 0.92


def plan_capacity(
    config: RunConfig,
    plugins: Plugins,
    supply: Supply,
    environ: Mapping[str, str] = os.environ,
) -> Capacity:
    """Plan every engine that the roles name. Raises ConfigError for what cannot be read."""
    resolved = resolve_roles(config.roles)
    if not plays_by_scaffold(config.agent):
        # This agent has no memory, so nobody asks that role.
        resolved.pop("memory")
    groups, elsewhere = _groups(resolved, plugins)
    talks = _lengths(config, plugins) if groups else {}
    engines = tuple(plan_engine(group, talks, supply, environ) for group in groups)
    known = [engine.episodes for engine in engines if engine.episodes is not None]
    crowded = _shared_gpus(groups, engines)
    fits = None if any(engine.figures is None for engine in engines) else True
    if crowded or any(engine.problems for engine in engines):
        fits = False
    return Capacity(
        fits=fits,
        origin=supply.origin,
        gpus=tuple(gpu.name for gpu in supply.gpus),
        engines=engines,
        elsewhere=elsewhere,
        wanted=_wanted(config, plugins),
        episodes=min(known) if known and len(known) == len(engines) else None,
        problems=crowded,
    )


def _lengths(config: RunConfig, plugins: Plugins) -> dict[Role, Length]:
    run = run_folder(config.run.folder, config.run.name)
    return lengths(config, resolve_roles(config.roles), plugins, run)


def _wanted(config: RunConfig, plugins: Plugins) -> int:
    spec = plugins.get("environment", config.environment.name)
    tasks = config.environment.tasks or getattr(spec, "tasks", ("default",))
    whole = len(chosen_seeds(config)) * len(tasks)
    return min(whole, config.evaluation.episodes_at_once or whole)


def _groups(
    resolved: Mapping[Role, RoleSection], plugins: Plugins
) -> tuple[list[Group], dict[Role, str]]:
    """Roles by the engine they share, as they are started, and those that ask something else."""
    groups: dict[EngineKey, Group] = {}
    elsewhere: dict[Role, str] = {}
    for role, section in resolved.items():
        spec = plugins.get("backend", section.backend or "")
        options = plugins.options(spec, section.options, path=f"roles.{role}")
        known = isinstance(spec, BackendSpec) and spec.name in get_args(EngineName)
        if not known or not isinstance(options, EngineOptions):
            elsewhere[role] = spec.name
            continue
        if not section.model:
            raise ConfigError(f"roles.{role}: backend {spec.name} needs `model`")
        key = EngineKey.of(section, options)
        name = cast("EngineName", spec.name)
        group = groups.setdefault(key, Group(name, section.model, options))
        group.sections[role] = section
    return list(groups.values()), elsewhere


def _shared_gpus(groups: list[Group], engines: tuple[EngineCapacity, ...]) -> tuple[str, ...]:
    """GPUs on which several engines together ask for more than there is."""
    asked: dict[int, float] = {}
    for group, engine in zip(groups, engines, strict=True):
        if group.options.urls or not engine.gpus_each or group.engine == "local":
            continue
        found, share = engine.figures, group.options.gpu_memory_utilization or _DEFAULT_SHARE
        if found is not None:
            share = found.budget_bytes / found.memory_bytes
        for number in group.options.gpus or range(engine.gpus_each):
            asked[number] = asked.get(number, 0.0) + share
    full = [str(number) for number, share in sorted(asked.items()) if share > 1.0]
    if not full:
        return ()
    return (
        f"several engines want GPU {', '.join(full)}, together more than there is of it: name "
        "other numbers in gpus, or give each a smaller gpu_memory_utilization",
    )
