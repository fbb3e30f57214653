"""What a configuration names, compared with what the installed plugins offer."""

from __future__ import annotations

from automem.agent.making import AGENTS, plays_by_scaffold
from automem.errors import ConfigError, PluginError, ScaffoldError
from automem.plugins import Plugins
from automem.records.config import EnvironmentSection, RoleSection, RunConfig
from automem.run.config import ENVIRONMENT_FIELDS, ROLE_FIELDS, SAMPLING_FIELDS
from automem.scaffold.check import check_scaffold
from automem.scaffold.find import find_scaffold
from automem.scaffold.load import load_scaffold
from automem.spelling import did_you_mean


def check_config(config: RunConfig, plugins: Plugins) -> None:
    """Refuse names nobody offers and options nobody reads, before anything is started.

    Raises ConfigError with the path in the file and the closest name.
    """
    _check_environment(config.environment, plugins)
    if config.agent.name not in AGENTS:
        hint = did_you_mean(config.agent.name, AGENTS) or f"; there are: {', '.join(AGENTS)}"
        raise ConfigError(f"[agent] name: no agent named {config.agent.name!r}{hint}")
    if plays_by_scaffold(config.agent):
        _check_scaffold(config.scaffold.source, plugins)
    if not config.roles:
        raise ConfigError("[roles.default] is missing; name at least a `backend` in it")
    default = config.roles.get("default", RoleSection())
    for name, role in config.roles.items():
        _check_role(f"[roles.{name}]", role, default, plugins)


def _check_environment(section: EnvironmentSection, plugins: Plugins) -> None:
    try:
        spec = plugins.get("environment", section.name)
    except PluginError as error:
        raise ConfigError(f"[environment] name: {error}") from error
    for task in section.tasks:
        if task not in spec.tasks:
            hint = did_you_mean(task, spec.tasks) or f"; there are: {', '.join(spec.tasks)}"
            raise ConfigError(
                f"[environment] tasks: {section.name} has no task named {task!r}{hint}"
            )
    try:
        plugins.options(spec, section.options, path="environment")
    except ConfigError as error:
        raise _also(error, section.options, ENVIRONMENT_FIELDS) from error


def _check_scaffold(source: str, plugins: Plugins) -> None:
    names = ", ".join(plugins.scaffolds())
    if not source:
        raise ConfigError(f"[scaffold] from: name a scaffold or its folder; there are: {names}")
    try:
        problems = check_scaffold(
            load_scaffold(find_scaffold(source, plugins.scaffolds(), plugins.load))
        )
    except (PluginError, ScaffoldError) as error:
        raise ConfigError(f"[scaffold] from: {error}") from error
    if problems:
        listed = "".join(f"\n  {problem.where}: {problem.text}" for problem in problems)
        raise ConfigError(f"[scaffold] from: {source} cannot be played:{listed}")


def _check_role(where: str, role: RoleSection, default: RoleSection, plugins: Plugins) -> None:
    backend = role.backend or default.backend
    if backend is None:
        raise ConfigError(
            f"{where} backend: no backend is named; there are: {', '.join(plugins.backends())}"
        )
    try:
        spec = plugins.get("backend", backend)
    except PluginError as error:
        raise ConfigError(f"{where} backend: {error}") from error
    inherited = default.options if role.backend in (None, default.backend) else {}
    try:
        plugins.options(spec, {**inherited, **role.options}, path=where[1:-1])
    except ConfigError as error:
        raise _also(error, role.options, ROLE_FIELDS + SAMPLING_FIELDS) from error


def _also(error: ConfigError, options: dict[str, object], fields: tuple[str, ...]) -> ConfigError:
    """The error with a hint where an option is nearly the name of a field of the section."""
    hints = [hint for key in options if (hint := did_you_mean(key, fields))]
    return ConfigError(
        f"{error}{hints[0]}" if hints and "did you mean" not in str(error) else str(error)
    )
