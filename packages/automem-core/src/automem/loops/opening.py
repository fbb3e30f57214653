"""From a configuration to a loop that can run; everything that can be refused is refused here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from automem.agent.making import plays_by_scaffold
from automem.errors import ConfigError, PluginError
from automem.loops.judging import Needs, needs_of
from automem.loops.section import LoopSection, read_section
from automem.models.roles import resolve_roles
from automem.plugins import Plugins
from automem.protocols import Gate
from automem.records.config import RunConfig
from automem.run.check import check_config
from automem.run.layout import RunFolder, run_folder
from automem.run.seeds import parse_seeds
from automem.run.specialist import with_specialist

_S = TypeVar("_S", bound=LoopSection)
_S_co = TypeVar("_S_co", bound=LoopSection, covariant=True)


@dataclass(frozen=True, slots=True)
class Opened(Generic[_S_co]):
    """A configuration that was checked for one loop, and what its names stand for."""

    config: RunConfig
    section: _S_co
    plugins: Plugins
    run: RunFolder
    gate: Gate
    needs: Needs
    search: tuple[int, ...]
    fresh: tuple[int, ...]
    report: tuple[int, ...]
    tasks: tuple[str, ...]


def open_loop(config: RunConfig, plugins: Plugins, struct: type[_S]) -> Opened[_S]:
    """Check a configuration for the loop whose section this is.

    Raises ConfigError with the path of the key.
    """
    config = with_specialist(config)
    check_config(config, plugins)
    section = read_section(config, struct)
    key = section.key
    if not plays_by_scaffold(config.agent):
        raise ConfigError(
            f"[agent] name: {config.agent.name!r} plays without a scaffold, so there is nothing "
            f'to {key}; set name = "logplan"'
        )
    if config.evaluation.memory_only:
        raise ConfigError(
            "[evaluation] memory_only: the loops judge scaffolds whole; what is kept is also "
            "played by memory alone where [evolve] memory_only says so"
        )
    resolve_roles(config.roles)
    gate = _gate(section, plugins)
    needs = needs_of(gate)
    search = parse_seeds(config.seeds.search)
    fresh = parse_seeds(section.fresh)
    if len(search) < max(1, needs.search):
        raise ConfigError(
            f"[seeds] search: the gate {section.gate!r} needs {needs.search} search seeds, and "
            f'there are {len(search)}; give as many, such as "42-51", or choose another gate'
        )
    if len(fresh) < needs.fresh:
        raise ConfigError(
            f"[{key}] fresh: the gate {section.gate!r} needs {needs.fresh} fresh seeds for one "
            f'candidate, and there are {len(fresh)}; give more, such as "1000 from 20000"'
        )
    _check_provider(section, plugins)
    spec = plugins.get("environment", config.environment.name)
    return Opened(
        config=config,
        section=section,
        plugins=plugins,
        run=run_folder(config.run.folder, config.run.name),
        gate=gate,
        needs=needs,
        search=search,
        fresh=fresh,
        report=parse_seeds(config.seeds.report),
        tasks=config.environment.tasks or spec.tasks,
    )


def _gate(section: LoopSection, plugins: Plugins) -> Gate:
    try:
        spec = plugins.get("gate", section.gate)
    except PluginError as error:
        raise ConfigError(f"[{section.key}] gate: {error}") from error
    options = plugins.options(spec, section.gate_options, path=f"{section.key}.gate_options")
    gate: Gate = plugins.load(spec)(options)
    return gate


def _check_provider(section: LoopSection, plugins: Plugins) -> None:
    """Its name and options; keys and servers are looked at when it is made."""
    try:
        spec = plugins.get("meta_provider", section.provider)
    except PluginError as error:
        raise ConfigError(f"[{section.key}] provider: {error}") from error
    plugins.options(spec, section.options, path=f"{section.key}.options")
