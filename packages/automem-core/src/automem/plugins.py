"""Finding plugins, and the parts they offer by name; nothing is imported before it is used.

One broken plugin never hides the others: it is listed with its error, named when a lookup fails,
and skipped. Two mistakes are errors for everyone, because guessing would be worse: two plugins
that offer one name, and a hook that does not exist.
"""

from __future__ import annotations

import importlib
import importlib.metadata as metadata
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, TypeVar, cast, overload

import msgspec
import pluggy

from automem import hooks
from automem.errors import PluginError
from automem.options import read_options
from automem.protocols import RunView, Subscriber
from automem.records._struct import Record
from automem.spec import EnvironmentSpec, Spec
from automem.spelling import did_you_mean

GROUP = "automem"
DISABLE = "AUTOMEM_DISABLE_PLUGINS"
BUILTIN = ("automem-core", "automem-envs", "automem-backends", "automem-meta", "automem-train")
"""The distributions that `AUTOMEM_DISABLE_PLUGINS=all` keeps."""

PartKind = Literal[
    "environment",
    "backend",
    "meta_provider",
    "trainer",
    "loop",
    "executor",
    "gate",
    "scaffold",
    "command",
    "setup",
]
_HOOKS: Mapping[PartKind, str] = {
    "environment": "automem_environments",
    "backend": "automem_backends",
    "meta_provider": "automem_meta_providers",
    "trainer": "automem_trainers",
    "loop": "automem_loops",
    "executor": "automem_executors",
    "gate": "automem_gates",
    "scaffold": "automem_scaffolds",
    "command": "automem_commands",
    "setup": "automem_setups",
}
_S = TypeVar("_S", bound=Spec)


class PluginInfo(Record):
    """One plugin, as `automem plugins` lists it."""

    name: str
    """Its entry point's name."""
    distribution: str
    version: str
    specs: dict[str, tuple[Spec, ...]]
    """Hook name -> what it offers; empty where it is broken."""
    error: str | None = None
    """Why it is not usable."""
    import_seconds: float = 0.0


@dataclass(slots=True)
class _Plugin:
    """One entry point and what became of it."""

    name: str
    distribution: str
    version: str
    import_seconds: float = 0.0
    error: str | None = None
    misspelt: str | None = None
    specs: dict[str, tuple[Spec, ...]] = field(default_factory=dict[str, tuple[Spec, ...]])

    @property
    def label(self) -> str:
        """Its name as errors give it."""
        return f"'{self.name}' ({self.distribution})"


def load_plugins(
    *,
    blocked: Collection[str] = (),
    entry_points: Iterable[metadata.EntryPoint] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Plugins:
    """Import the plugin modules that are installed and not blocked.

    `blocked`, and the variable AUTOMEM_DISABLE_PLUGINS (separated by commas), name entry points
    or distributions; `all` keeps only AutoMem's own packages. `entry_points` takes the place of
    what is installed.
    """
    names = {name.strip() for name in environ.get(DISABLE, "").split(",")} | set(blocked)
    found = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    plugins: list[_Plugin] = []
    for point in sorted(found, key=lambda point: (point.name, point.value)):
        distribution = point.dist.name if point.dist is not None else "unknown distribution"
        version = point.dist.version if point.dist is not None else ""
        if point.name in names or distribution in names:
            continue
        if "all" in names and distribution not in BUILTIN:
            continue
        plugin = _Plugin(name=point.name, distribution=distribution, version=version)
        plugins.append(plugin)
        _register(manager, plugin, point)
    return Plugins(_manager=manager, _plugins=plugins)


def _register(manager: pluggy.PluginManager, plugin: _Plugin, point: metadata.EntryPoint) -> None:
    began = perf_counter()
    try:
        module = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's
        plugin.error = f"import of {point.value!r} failed: {_said(error)}"
        return
    finally:
        plugin.import_seconds = perf_counter() - began
    try:
        manager.register(module, name=plugin.label)
    except (pluggy.PluginValidationError, ValueError) as error:
        plugin.error = f"registration of {point.value!r} failed: {_said(error)}"
        return
    for caller in manager.get_hookcallers(module) or ():
        if not caller.has_spec():
            plugin.misspelt = caller.name
            plugin.error = _misspelling(plugin, caller.name)


def _misspelling(plugin: _Plugin, hook: str) -> str:
    known = [*_HOOKS.values(), "automem_subscribers"]
    return (
        f"plugin {plugin.label} implements the hook '{hook}', which does not exist"
        f"{did_you_mean(hook, known)}; correct it, or set {DISABLE}={plugin.name}"
    )


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@dataclass(slots=True)
class Plugins:
    """Every part that plugins offer, gathered from a kind of hook when it is first asked for."""

    _manager: pluggy.PluginManager
    _plugins: list[_Plugin]
    _gathered: dict[PartKind, Mapping[str, Spec]] = field(
        default_factory=dict["PartKind", Mapping[str, Spec]]
    )

    def environments(self) -> Mapping[str, EnvironmentSpec]:
        """Games."""
        return self._gather("environment", EnvironmentSpec)

    def backends(self) -> Mapping[str, Spec]:
        """Sources of answers."""
        return self._gather("backend", Spec)

    def meta_providers(self) -> Mapping[str, Spec]:
        """Meta-LLMs."""
        return self._gather("meta_provider", Spec)

    def trainers(self) -> Mapping[str, Spec]:
        """Trainers."""
        return self._gather("trainer", Spec)

    def loops(self) -> Mapping[str, Spec]:
        """Loops that improve the agent."""
        return self._gather("loop", Spec)

    def executors(self) -> Mapping[str, Spec]:
        """Ways to spread episodes over machines."""
        return self._gather("executor", Spec)

    def gates(self) -> Mapping[str, Spec]:
        """Rules that say keep or drop."""
        return self._gather("gate", Spec)

    def scaffolds(self) -> Mapping[str, Spec]:
        """Scaffold folders."""
        return self._gather("scaffold", Spec)

    def commands(self) -> Mapping[str, Spec]:
        """Further commands of the command line."""
        return self._gather("command", Spec)

    def setups(self) -> Mapping[str, Spec]:
        """Interpreters and data sets that can be made."""
        return self._gather("setup", Spec)

    def subscribers(self, run: RunView) -> tuple[Subscriber, ...]:
        """Every tracker for this run. Raises PluginError: a run must not lose its tracker."""
        self._refuse_misspelt()
        found: list[Subscriber] = []
        for implementation in self._manager.hook.automem_subscribers.get_hookimpls():
            try:
                arguments = [run] if implementation.argnames else []
                found.extend(cast("Iterable[Subscriber]", implementation.function(*arguments)))
            except (Exception, SystemExit) as error:
                raise PluginError(
                    f"plugin {implementation.plugin_name} failed in automem_subscribers: "
                    f"{_said(error)}; set {DISABLE} to run without it"
                ) from error
        return tuple(found)

    @overload
    def get(self, kind: Literal["environment"], name: str) -> EnvironmentSpec: ...
    @overload
    def get(self, kind: PartKind, name: str) -> Spec: ...
    def get(self, kind: PartKind, name: str) -> Spec:
        """The part a user named. Raises PluginError, with the closest name there is."""
        known = self._gather(kind, EnvironmentSpec if kind == "environment" else Spec)
        if name in known:
            return known[name]
        said = f"no {kind.replace('_', ' ')} named '{name}'{did_you_mean(name, known)}"
        if not did_you_mean(name, known):
            said += f"; there are: {', '.join(known)}" if known else "; no plugin offers any"
        for plugin in self._plugins:
            if plugin.error is not None:
                said += f"\nplugin {plugin.label} is broken: {plugin.error}"
        raise PluginError(said)

    def load(self, spec: Spec) -> Any:
        """Import what `spec.make` names. Raises PluginError, with the install line if there is one.

        The result is what the plugin wrote: a class or function to be called.
        """
        return import_part(spec, spec.make)

    def options(
        self, spec: Spec, raw: Mapping[str, Any], *, path: str = "options"
    ) -> msgspec.Struct | None:
        """Check the options of a part against its struct; None where it takes none.

        `path` is where the options stand in the configuration, for the message of the ConfigError.
        """
        struct = None if spec.config is None else import_part(spec, spec.config)
        return read_options(spec.name, struct, raw, path=path)

    def installed(self) -> tuple[PluginInfo, ...]:
        """Every plugin that was not blocked, with what it offers or why it is broken."""
        for kind in _HOOKS:
            self._collect(kind, EnvironmentSpec if kind == "environment" else Spec)
        return tuple(
            PluginInfo(
                name=plugin.name,
                distribution=plugin.distribution,
                version=plugin.version,
                specs=plugin.specs,
                error=plugin.error or self._collision_of(plugin),
                import_seconds=plugin.import_seconds,
            )
            for plugin in self._plugins
        )

    def _gather(self, kind: PartKind, form: type[_S]) -> Mapping[str, _S]:
        if kind not in self._gathered:
            self._refuse_misspelt()
            self._collect(kind, form)
            owners: dict[str, tuple[_Plugin, Spec]] = {}
            for plugin in self._plugins:
                for spec in plugin.specs.get(_HOOKS[kind], ()):
                    if spec.name in owners:
                        raise PluginError(_collision(kind, spec.name, owners[spec.name][0], plugin))
                    owners[spec.name] = (plugin, spec)
            self._gathered[kind] = {name: owners[name][1] for name in sorted(owners)}
        return cast("Mapping[str, _S]", self._gathered[kind])

    def _collect(self, kind: PartKind, form: type[Spec]) -> None:
        hook = _HOOKS[kind]
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            plugin = next(p for p in self._plugins if p.label == implementation.plugin_name)
            if hook in plugin.specs:
                continue
            try:
                offered = tuple(implementation.function())
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's
                offered = ()
                plugin.error = f"hook {hook} failed: {_said(error)}"
            wrong = [part for part in offered if not isinstance(part, form)]
            if wrong:
                offered = ()
                plugin.error = f"hook {hook} gave {wrong[0]!r}, which is no {form.__name__}"
            plugin.specs[hook] = offered

    def _refuse_misspelt(self) -> None:
        for plugin in self._plugins:
            if plugin.misspelt is not None:
                raise PluginError(_misspelling(plugin, plugin.misspelt))

    def _collision_of(self, plugin: _Plugin) -> str | None:
        for kind, hook in _HOOKS.items():
            mine = {spec.name for spec in plugin.specs.get(hook, ())}
            for other in self._plugins:
                both = mine & {spec.name for spec in other.specs.get(hook, ())}
                if other is not plugin and both:
                    return _collision(kind, min(both), plugin, other)
        return None


def _collision(kind: PartKind, name: str, first: _Plugin, second: _Plugin) -> str:
    return (
        f"two plugins offer the {kind.replace('_', ' ')} '{name}': {first.label} and "
        f"{second.label}; uninstall one, or set {DISABLE}={second.name}"
    )


def import_part(spec: Spec, target: str) -> Any:
    """What `target`, of the form `package.module:attribute`, names.

    Raises PluginError; where a package is missing it gives the install line of the spec.
    """
    module_name, _, attribute = target.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if spec.extra is not None and not f"{module_name}.".startswith(f"{missing}."):
            raise PluginError(
                f"'{spec.name}' needs the package '{missing}', which is not installed; "
                f"install it with: pip install '{spec.extra}'"
            ) from error
        raise PluginError(f"'{spec.name}' cannot import {target!r}: {_said(error)}") from error
    except (Exception, SystemExit) as error:
        raise PluginError(f"'{spec.name}' cannot import {target!r}: {_said(error)}") from error
    return found
