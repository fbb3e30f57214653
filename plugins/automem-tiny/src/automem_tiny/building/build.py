"""`automem-tiny build`: corpus, tokenizer, weights and figures, each phase kept when it is done."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio

from automem.errors import AutoMemError
from automem.processes.interpreters import python_of
from automem.tasks import beside
from automem.ui.display import Mode, choose_mode
from automem.ui.lines import Told, lines_display
from automem_tiny.building.commands import Children, Command, Runner
from automem_tiny.building.errors import BuildError
from automem_tiny.building.phases import Phase, Plan
from automem_tiny.building.pins import Pins, locked, pin, sources
from automem_tiny.building.provenance import write_provenance
from automem_tiny.building.standing import Standing, text
from automem_tiny.building.versions import versions
from automem_tiny.folders import PACKAGE
from automem_tiny.recipe import QUICK, RECIPE, Recipe

WORKERS: Final = 2
"""Commands of a phase that run at once."""
HERE: Final = ("automem-core", "automem-envs", "crafter", "numpy", "tokenizers")
THERE: Final = ("torch", "transformers", "tokenizers", "safetensors", "numpy")
_BYTES_AN_EPISODE: Final = 3 << 20
"""Lessons and their tokens."""
_VERSION_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Build:
    """A recipe, a folder, and who runs commands."""

    plan: Plan
    pins: Pins
    runner: Runner
    workers: int = WORKERS

    def standing(self, title: str) -> Standing:
        """Where progress is told."""
        return Standing(title, self.phases(), self.plan.folder / "times.json")

    def phases(self) -> tuple[Phase, ...]:
        """In order."""
        return tuple(self.plan.phases())

    async def run(self, standing: Standing) -> None:
        """Every phase that is not done yet. Raises BuildError where one fails."""
        for number, phase in enumerate(standing.phases, 1):
            if phase.done.exists():
                continue
            standing.begin(number)
            try:
                await self._commands(phase, standing)
                phase.finish()
            finally:
                standing.keep()
        path = self.plan.model / "provenance.json"
        if not path.exists():
            write_provenance(path, self.plan, self.pins, standing.phases, standing.times)
        shutil.rmtree(self.plan.folder / "parts", ignore_errors=True)

    async def _commands(self, phase: Phase, standing: Standing) -> None:
        limit = anyio.CapacityLimiter(self.workers)
        failures: list[BuildError] = []

        async def one(command: Command) -> None:
            async with limit:
                if not command.makes.exists():
                    await self.runner.run(command, partial(standing.hear, command.name))
                standing.ended(command.name)

        async def caught(command: Command) -> None:
            try:
                await one(command)
            except BuildError as error:
                failures.append(error)
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for command in phase.commands:
                tasks.start_soon(caught, command)
        if failures:
            raise failures[0]


def build_model(folder: Path, *, quick: bool = False, display: Mode | None = None) -> int:
    """Make a model in a folder, or go on with it; what the process is to end with."""
    try:
        stopped = _build(folder.absolute(), QUICK if quick else RECIPE, display)
    except KeyboardInterrupt:  # before or after the time in which signals are waited for
        stopped = signal.SIGINT
    except AutoMemError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"error: {_reason(folder, error)}\n")
        return 1
    if stopped:
        again = f"automem-tiny build {folder}{' --quick' if quick else ''}"
        sys.stderr.write(f"stopped; what is done is kept. To go on: {again}\n")
        return 128 + stopped
    sys.stdout.write(f"{folder / 'model'}\n")
    return 0


def _reason(folder: Path, error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{folder} is a file, or lies in one; name a folder"
    if error.errno == errno.ENOSPC:
        return f"the disk of {folder} is full; make room, and run the same command again to go on"
    return f"{folder} cannot be used: {error}"


def _build(folder: Path, recipe: Recipe, display: Mode | None) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    torch = python_of("local")
    _see_room(folder, recipe)
    with locked(folder) as lock:
        pins = Pins(recipe=recipe, versions=_all_versions(torch), sources=sources())
        pin(folder, pins)
        children = Children(torch, _source(folder), folder / "logs", lock)
        return anyio.run(_shown, Build(Plan(folder, recipe), pins, children), display)


def _source(folder: Path) -> Path:
    """A folder in which this package is the only one, by a link."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    link = source / PACKAGE.name
    link.unlink(missing_ok=True)
    link.symlink_to(PACKAGE)
    return source


def _see_room(folder: Path, recipe: Recipe) -> None:
    played = 2 * sum(one.episodes for one in recipe.rounds)
    needed = _BYTES_AN_EPISODE * (recipe.teacher_episodes + played)
    free = shutil.disk_usage(folder).free
    made = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if free + made < needed:
        raise BuildError(
            f"the disk of {folder} has room for {free >> 20:,} MiB, and about {needed >> 20:,} "
            "are needed; make room, or name a folder elsewhere"
        )


def _all_versions(torch: str) -> dict[str, str]:
    own = versions(HERE)
    if not own["crafter"]:
        raise BuildError("crafter is not installed; run: pip install 'automem-tiny[build]'")
    asking = Path(__file__).with_name("versions.py")
    try:
        said = subprocess.run(  # noqa: S603 - our own module
            [torch, "-I", str(asking), *THERE],
            check=True,
            capture_output=True,
            timeout=_VERSION_SECONDS,
        ).stdout
        found = json.loads(said)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise BuildError(f"{torch} cannot be used: {error}; run: automem setup local") from error
    return {**own, **{f"{name} of local": version for name, version in found.items()}}


async def _shown(build: Build, display: Mode | None) -> int:
    standing = build.standing(f"automem-tiny build {build.plan.folder}")
    mode = choose_mode(display, terminal=sys.stderr.isatty())
    caught: list[int] = []
    with anyio.CancelScope() as scope:
        async with (
            beside(partial(_stop, scope, caught)),
            lines_display(mode, Told(standing.shown, text), stream=sys.stderr),
        ):
            await build.run(standing)
    return caught[0] if caught else 0


async def _stop(scope: anyio.CancelScope, caught: list[int]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            caught.append(number)
            scope.cancel()
