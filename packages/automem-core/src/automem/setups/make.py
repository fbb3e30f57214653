"""Making, removing and judging set-ups, whatever they are."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from automem.errors import PluginError, SetupError
from automem.plugins import Plugins, import_part
from automem.records.setup import AnySetup, DataSet, Interpreter, Made, Package, SetupStatus
from automem.setups.dataset import make_data_set
from automem.setups.interpreter import make_interpreter, why_dead
from automem.setups.place import Place, Tell, place_of, write_record
from automem.setups.programs import Programs, disk_full, find_uv
from automem.setups.sources import package_here
from automem.spec import Spec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Setup:
    """One set-up that a plugin offers, and where it belongs."""

    spec: Spec
    made_from: AnySetup
    place: Place

    def status(self) -> SetupStatus:
        """Whether it is made, and from what it would be made today."""
        reason = self._difference() if self.place.folder.exists() else None
        there = self.place.folder.exists()
        return SetupStatus(
            name=self.spec.name,
            kind=self.place.kind,
            summary=self.spec.summary,
            state="outdated" if reason else "made" if there else "not made",
            reason=reason or "",
            folder=str(self.place.folder),
        )

    def _difference(self) -> str | None:
        made = self.place.made()
        if made is None:
            return "it was made by another version of AutoMem, or is damaged"
        if made.setup != self.made_from:
            return "it was made from other requirements"
        if self.place.kind == "interpreter" and not self.place.python.exists():
            return "the Python it was made with is gone"
        if changed := changed_package(made.packages):
            return changed
        return why_dead(self.place.python) if self.place.kind == "interpreter" else None

    def packages(self) -> tuple[Package, ...]:
        """The distributions it takes from here."""
        made_from = self.made_from
        return tuple(map(package_here, getattr(made_from, "packages", ())))


def offered(plugins: Plugins, root: Path | None = None) -> list[Setup]:
    """Every set-up that plugins offer, by name. Raises PluginError."""
    return [_setup(spec, plugins, root) for spec in plugins.setups().values()]


def find_setup(name: str, plugins: Plugins, root: Path | None = None) -> Setup:
    """The one of that name. Raises PluginError, with the closest name there is."""
    return _setup(plugins.get("setup", name), plugins, root)


def _setup(spec: Spec, plugins: Plugins, root: Path | None) -> Setup:
    if _NAME.fullmatch(spec.name) is None:
        raise PluginError(f"the set-up {spec.name!r} may not be called so: it names a folder")
    named = plugins.load(spec)
    made_from: Any = named() if callable(named) else named
    if not isinstance(made_from, Interpreter | DataSet):
        raise PluginError(f"{spec.make!r} gave {made_from!r}, which cannot be set up")
    return Setup(spec=spec, made_from=made_from, place=place_of(spec.name, made_from, root))


def make(
    setup: Setup, tell: Tell, *, source: str = "", environ: Mapping[str, str] = os.environ
) -> bool:
    """Make it where it is not made, or outdated; whether anything was to do.

    Interrupted at any moment, it leaves what was there before, and is done again by the next
    call. `source` takes the place of the address of a data set. Raises SetupError.
    """
    if source and not isinstance(setup.made_from, DataSet):
        raise SetupError(f"'{setup.spec.name}' is an interpreter, which comes from no other place")
    place = setup.place
    try:
        with place.locked(tell) as held:
            if setup.status().state == "made":
                return False
            place.log.parent.mkdir(parents=True, exist_ok=True)
            with (
                place.log.open("w", encoding="utf-8") as log,
                place.making() as folder,
            ):
                programs = Programs(folder=folder, log=log, held=held, tell=tell, environ=environ)
                write_record(folder, _fill(setup, folder, programs, source))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full(place.folder) from error
        raise SetupError(
            f"cannot write {error.filename or place.root}: {error.strerror}"
        ) from error
    return True


def remove(setup: Setup, tell: Tell) -> bool:
    """Take it away; whether it was there."""
    with setup.place.locked(tell):
        return setup.place.remove()


def changed_package(packages: tuple[Package, ...]) -> str | None:
    """The first distribution that is not installed here as it was then, in words."""
    for before in packages:
        try:
            now = package_here(before.name)
        except SetupError as error:
            return str(error)
        if now == before:
            continue
        if now.version != before.version:
            return f"{before.name} is {now.version} here and {before.version} there"
        return f"{before.name} {now.version} is installed from elsewhere, or needs other packages"
    return None


def _fill(setup: Setup, folder: Path, programs: Programs, source: str) -> Made:
    made = Made(
        name=setup.spec.name,
        setup=setup.made_from,
        packages=setup.packages(),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        source=source,
    )
    if isinstance(setup.made_from, Interpreter):
        uv = find_uv(programs.environ)
        installed = make_interpreter(folder, setup.made_from, made.packages, programs, uv)
        return msgspec.structs.replace(made, installed=installed)
    data = setup.made_from
    named = None if data.check is None else import_part(setup.spec, data.check)
    make_data_set(folder, data, source, cast("Callable[[Path], None] | None", named), programs.tell)
    return made
