"""What exactly is evaluated, and the key by which the same evaluation is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Literal

import msgspec

from automem.agent.making import plays_by_scaffold
from automem.errors import ConfigError, ScaffoldError
from automem.models.adapters import identity
from automem.models.bases import content_name
from automem.models.engines import own_model
from automem.models.roles import resolve_roles
from automem.plugins import Plugins, import_part
from automem.records._struct import Record
from automem.records.config import AgentSection, LimitsSection, RoleSection, RunConfig
from automem.records.model import Role, Sampling
from automem.run.seeds import parse_seeds
from automem.scaffold.load import Scaffold
from automem.spec import Spec
from automem.spelling import did_you_mean

MEMORY_ONLY = " (memory only)"
"""What the name of an evaluation without `perceive` and `guard` ends in."""


class RoleIdentity(Record):
    """What of a role can change an answer; where it is served from cannot."""

    backend: str
    model: str | None
    """As it is named; where none is, the one that the backend comes with, by its content."""
    adapter: str | None
    """A folder counts by its name and content."""
    sampling: Sampling
    seeded: bool
    options: dict[str, Any]
    price: tuple[float, float, float] | None = None
    """Only under a limit on an episode's money, which then ends where the price says."""

    @property
    def text(self) -> str:
        """Backend, model and adapter in one line."""
        model = "+".join(part for part in (self.model, self.adapter) if part)
        return f"{self.backend} {model}".rstrip()


class EvaluationPlan(Record):
    """Everything the episodes are a function of; the key is the hash of exactly this.

    The order of tasks and seeds is that of tables, and does not count.
    """

    environment: str
    options: dict[str, Any]
    """The environment's own, resolved; its profile is among them."""
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    max_steps: int | None
    agent: AgentSection
    scaffold: str
    """Content hash; empty for an agent without a scaffold."""
    scaffold_name: str
    roles: dict[Role, RoleIdentity]
    limits: LimitsSection
    """Those of an episode; the run's bound the work, not the result."""
    memory_only: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    """Played without the scaffold's `perceive` and `guard`; unset where it has no code."""

    @property
    def key(self) -> str:
        """16 hexadecimal digits."""
        unordered = msgspec.structs.replace(
            self, tasks=tuple(sorted(self.tasks)), seeds=tuple(sorted(self.seeds))
        )
        canonical = msgspec.json.encode(unordered, order="deterministic")
        return hashlib.sha256(canonical).hexdigest()[:16]

    @property
    def name(self) -> str:
        """A name for tables: the scaffold, or the baseline."""
        name = self.scaffold_name or agent_text(self.agent)
        return f"{name}{MEMORY_ONLY}" if self.memory_only else name

    @property
    def consults(self) -> bool:
        """Whether the two roles are different models, so that one hands over to the other."""
        memory, gameplay = (self.roles[role] for role in ("memory", "gameplay"))
        plain = Sampling()
        return msgspec.structs.replace(memory, sampling=plain, seeded=False) != (
            msgspec.structs.replace(gameplay, sampling=plain, seeded=False)
        )


def plan_evaluation(
    config: RunConfig, plugins: Plugins, scaffold: Scaffold | None, seeds: tuple[int, ...] = ()
) -> EvaluationPlan:
    """The evaluation a configuration asks for, over `seeds` or the list that it names.

    Raises ConfigError and PluginError.
    """
    spec = plugins.get("environment", config.environment.name)
    wrong = [task for task in config.environment.tasks if task not in spec.tasks]
    if wrong:
        raise ConfigError(
            f"environment.tasks: {spec.name} has no task '{wrong[0]}'; "
            f"there are: {', '.join(spec.tasks)}"
        )
    roles = resolve_roles(config.roles)
    return EvaluationPlan(
        environment=spec.name,
        options=_effective(
            plugins.options(
                spec, environment_options(config, plugins, scaffold), path="environment"
            )
        ),
        tasks=config.environment.tasks or spec.tasks,
        seeds=seeds or chosen_seeds(config),
        max_steps=config.environment.max_steps,
        agent=_effective_agent(config.agent),
        scaffold=scaffold.hash if scaffold else "",
        scaffold_name=scaffold.manifest.name if scaffold else "",
        roles={
            role: _identity(section, plugins, priced=config.limits.episode_cost is not None)
            for role, section in roles.items()
        },
        limits=msgspec.structs.replace(
            config.limits, run_tokens=None, run_cost=None, run_seconds=None
        ),
        memory_only=True
        if config.evaluation.memory_only and _has_code(scaffold)
        else msgspec.UNSET,
    )


def environment_options(
    config: RunConfig, plugins: Plugins, scaffold: Scaffold | None
) -> dict[str, Any]:
    """The environment's options: those of the configuration over those of the scaffold.

    The struct of a game's options names in a class variable `for_scaffolds` what a scaffold may
    set: nothing that makes the game an easier one. Raises ScaffoldError for anything else.
    """
    asked = scaffold.manifest.environment_options if scaffold else {}
    if asked:
        spec = plugins.get("environment", config.environment.name)
        struct = import_part(spec, spec.config) if spec.config else None
        free: Collection[str] = getattr(struct, "for_scaffolds", ())
        for name in asked:
            if name not in free:
                raise ScaffoldError(
                    f"scaffold.toml: environment_options.{name}: {spec.name} leaves "
                    f"{', '.join(free) or 'no option'} to scaffolds{did_you_mean(name, free)}"
                )
    return {**asked, **config.environment.options}


def _has_code(scaffold: Scaffold | None) -> bool:
    return scaffold is not None and scaffold.code is not None


def chosen_seeds(config: RunConfig) -> tuple[int, ...]:
    """The seeds that `[evaluation] seeds` names. Raises ConfigError where there are none."""
    name = config.evaluation.seeds
    if name not in config.seeds.__struct_fields__:
        raise ConfigError(f"evaluation.seeds: '{name}' is none of search, train, report")
    seeds = parse_seeds(getattr(config.seeds, name))
    if not seeds:
        raise ConfigError(f"seeds.{name} is empty; give it seeds, such as {name} = [42, 43]")
    return seeds


def other_game(a: EvaluationPlan, b: EvaluationPlan) -> tuple[str, Any, Any] | None:
    """What first makes the same seed another game in `b`, with both values; None if nothing."""
    if a.environment != b.environment:
        return "environment", a.environment, b.environment
    for name in sorted({*a.options, *b.options}):
        if a.options.get(name) != b.options.get(name):
            return name, a.options.get(name), b.options.get(name)
    if a.max_steps != b.max_steps:
        return "max_steps", a.max_steps, b.max_steps
    return None


def agent_text(agent: AgentSection) -> str:
    """Name and settings of an agent in one line."""
    if agent.name != "window":
        return agent.name
    thought = " with chain of thought" if agent.chain_of_thought else ""
    return f"window of {agent.history}{thought}"


def _identity(section: RoleSection, plugins: Plugins, *, priced: bool) -> RoleIdentity:
    spec = plugins.get("backend", section.backend or "")
    return RoleIdentity(
        backend=spec.name,
        model=_own_model(spec) if section.model is None else section.model,
        adapter=None if section.adapter is None else identity(section.adapter),
        sampling=section.sampling,
        seeded=section.seeded,
        options=_effective(plugins.options(spec, section.options, path="roles")),
        price=section.price if priced else None,
    )


def _own_model(spec: Spec) -> str | None:
    """The model that a backend comes with, by its content: the next version is another player."""
    folder = own_model(spec)
    return None if folder is None else content_name(folder)


def _effective_agent(agent: AgentSection) -> AgentSection:
    """Without the settings that this agent does not read."""
    return AgentSection(name=agent.name) if plays_by_scaffold(agent) else agent


def _effective(options: msgspec.Struct | None) -> dict[str, Any]:
    """Options with their defaults filled in, as plain data, without those of no consequence.

    Which these are the options' struct says itself, in a class variable `inconsequential`.
    """
    if options is None:
        return {}
    plain: Mapping[str, Any] = msgspec.to_builtins(options)
    apart: Collection[str] = getattr(type(options), "inconsequential", ())
    return {name: value for name, value in plain.items() if name not in apart}
