"""What `automem doctor` looks at, one check a function."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal

import anyio

from automem.errors import JailError, PluginError
from automem.models.roles import resolve_roles
from automem.plugins import Plugins, import_part
from automem.processes.jail import self_test
from automem.records._struct import Record
from automem.records.capacity import Fit
from automem.records.config import RunConfig
from automem.records.jail import JailReport
from automem.run.check import check_config
from automem.run.provenance import hardware, versions
from automem.setups.make import offered
from automem.spec import BackendSpec
from automem.ui.words import size

OLDEST, NEWEST = (3, 11), (3, 13)
LEAST_DISK_BYTES = 1024**3
_KEY_VARIABLE = re.compile(r"(?:API_KEY|_TOKEN)$")


class Check(Record):
    """One line of the report."""

    name: str
    state: Literal["ok", "note", "missing"]
    """missing: a run needs it; note: worth knowing, or needed by some runs."""
    text: str


def examine(plugins: Plugins, environ: Mapping[str, str] = os.environ) -> list[Check]:
    """Everything worth knowing of this machine before a run."""
    return [
        check_python(sys.version_info[:2]),
        check_packages(),
        *check_plugins(plugins),
        *check_environments(plugins),
        *check_setups(plugins),
        check_uv(shutil.which("uv")),
        check_disk(shutil.disk_usage(Path.cwd()).free),
        *check_machine(),
        check_keys(environ),
        check_jail(),
    ]


def check_python(version: tuple[int, int]) -> Check:
    """Whether this Python is one of those that are tested."""
    said = ".".join(map(str, version))
    if not OLDEST <= version <= NEWEST:
        return Check(name="python", state="missing", text=f"{said}; 3.11 to 3.13 are supported")
    return Check(name="python", state="ok", text=f"{said} on {platform.platform()}")


def check_packages() -> Check:
    """AutoMem's distributions and those of the plugins."""
    listed = ", ".join(f"{name} {version}" for name, version in versions().items())
    return Check(name="packages", state="ok", text=listed)


def check_plugins(plugins: Plugins) -> list[Check]:
    """One line for each plugin that does not work."""
    broken = [
        Check(name=f"plugin {info.name}", state="missing", text=info.error)
        for info in plugins.installed()
        if info.error is not None
    ]
    number = len(plugins.installed())
    return broken or [Check(name="plugins", state="ok", text=f"{number} installed, none broken")]


def check_environments(plugins: Plugins) -> list[Check]:
    """Which games can be played; at least one is needed."""
    checks: list[Check] = []
    try:
        specs = plugins.environments()
    except PluginError as error:
        return [Check(name="environments", state="missing", text=str(error))]
    for name, spec in specs.items():
        try:
            plugins.load(spec)
        except PluginError as error:
            checks.append(Check(name=f"environment {name}", state="note", text=str(error)))
        else:
            checks.append(Check(name=f"environment {name}", state="ok", text=spec.summary))
    if not any(check.state == "ok" for check in checks):
        text = "none can be played; install one, such as: pip install 'automem-envs[crafter]'"
        checks.append(Check(name="environments", state="missing", text=text))
    return checks


def check_setups(plugins: Plugins) -> list[Check]:
    """Which interpreters and data sets are made; runs that need another one say so."""
    try:
        statuses = [setup.status() for setup in offered(plugins)]
    except PluginError as error:
        return [Check(name="setups", state="note", text=str(error))]
    checks: list[Check] = []
    for status in statuses:
        name = f"setup {status.name}"
        if status.state == "made":
            checks.append(Check(name=name, state="ok", text=status.folder))
            continue
        reason = f", {status.reason}" if status.reason else ""
        text = f"{status.state}{reason}; where it is needed, run: automem setup {status.name}"
        checks.append(Check(name=name, state="note", text=text))
    return checks


def check_uv(path: str | None) -> Check:
    """Whether uv is there, which makes the interpreters that some parts need."""
    if path is None:
        return Check(name="uv", state="note", text="not found; install it with: pip install uv")
    return Check(name="uv", state="ok", text=path)


def check_disk(free_bytes: int) -> Check:
    """Whether there is room for traces."""
    if free_bytes < LEAST_DISK_BYTES:
        return Check(name="disk", state="missing", text=f"only {size(free_bytes)} free here")
    return Check(name="disk", state="ok", text=f"{size(free_bytes)} free here")


def check_machine() -> list[Check]:
    """Cores, memory and GPUs."""
    found = hardware()
    memory = size(found.memory_bytes) if found.memory_bytes else "unknown memory"
    gpus = ", ".join(found.gpus) or "none; the demo and hosted models need none"
    return [
        Check(name="machine", state="ok", text=f"{found.cores} cores, {memory}"),
        Check(name="gpus", state="ok" if found.gpus else "note", text=gpus),
    ]


def check_capacity(config: RunConfig, plugins: Plugins) -> list[Check]:
    """Whether the engines of a configuration fit on this machine. Raises ConfigError."""
    check_config(config, plugins)
    parts: dict[str, BackendSpec] = {}
    for section in resolve_roles(config.roles).values():
        spec = plugins.get("backend", section.backend or "")
        if isinstance(spec, BackendSpec) and spec.capacity is not None:
            parts[spec.capacity] = spec
    checks: list[Check] = []
    for target, spec in parts.items():
        found: list[Fit] = import_part(spec, target)(config, plugins)
        for fit in found:
            state = "note" if fit.fits is None else "ok" if fit.fits else "missing"
            checks.append(Check(name=f"capacity of {fit.name}", state=state, text=fit.text))
    if not checks:
        text = "no role names an engine that would be started here"
        checks.append(Check(name="capacity", state="ok", text=text))
    return checks


def check_jail(prove: Callable[[], Awaitable[JailReport]] = self_test) -> Check:
    """How far code of a scaffold can be locked here, proven, and what keeps it from more."""
    try:
        report = anyio.run(prove)
    except JailError as error:
        return Check(name="jail", state="note", text=str(error))
    probes = f"level '{report.level}', {len(report.probes)} ways out tried, all closed"
    reasons = "".join(f"; not '{level}': {why}" for level, why in report.refused.items())
    return Check(name="jail", state="ok", text=probes + reasons)


def check_keys(environ: Mapping[str, str]) -> Check:
    """The names of the variables that hold keys; their values are not looked at."""
    names = sorted(name for name in environ if _KEY_VARIABLE.search(name))
    if not names:
        return Check(name="keys", state="note", text="no variable ends in API_KEY or _TOKEN")
    return Check(name="keys", state="ok", text=f"set: {', '.join(names)}")
