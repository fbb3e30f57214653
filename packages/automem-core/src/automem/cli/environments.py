"""`automem environments`: list, verify and play environments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automem.cli.errors import FAILED
from automem.cli.invocation import Invocation
from automem.cli.output import examples, json_option, print_json, say
from automem.records._struct import Record

if TYPE_CHECKING:
    from automem.evaluate.verify import Verification
    from automem.plugins import Plugins
    from automem.protocols import Environment
    from automem.spec import EnvironmentSpec


class ListedEnvironment(Record):
    """One line of `automem environments list`."""

    name: str
    summary: str
    tasks: tuple[str, ...]
    profile: str | None
    """The profile it plays by default; None where it has none."""
    profiles: tuple[str, ...]
    """Every profile it has."""
    installed: bool
    missing: str | None
    """Why it cannot be played, and what to install."""


class VerifiedRecording(Record):
    """One line of `automem environments verify`."""

    recording: str
    verification: Verification | None
    error: str | None = None
    """Why it could not be played."""


_set_option = click.option(
    "-s",
    "--set",
    "overrides",
    multiple=True,
    metavar="ENVIRONMENT.KEY=VALUE",
    help="Set an option of an environment, such as minihack.boxoban_folder=levels.",
)


@click.group(
    epilog=examples(
        "automem environments list",
        "automem environments verify recordings/*.jsonl.gz",
        "automem environments play crafter --seed 42",
    )
)
def environments() -> None:
    """List, verify and play environments."""


@environments.command("list", epilog=examples("automem environments list --json"))
@json_option
def list_(*, as_json: bool) -> None:
    """List environments, their tasks and profiles, and what is missing."""
    from automem.plugins import load_plugins

    plugins = load_plugins()
    listed = [_listed(spec, plugins) for spec in plugins.environments().values()]
    if as_json:
        print_json(listed)
        return
    for entry in listed:
        say(f"{entry.name}: {entry.summary}")
        say(f"  tasks: {', '.join(entry.tasks)}")
        if entry.profile:
            say(f"  profiles: {', '.join(entry.profiles)}; {entry.profile} unless asked otherwise")
        say(f"  {entry.missing or 'installed'}")


@environments.command(epilog=examples("automem environments verify recordings/*.jsonl.gz"))
@click.argument(
    "recordings",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@_set_option
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    recordings: tuple[Path, ...],
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Play recorded episodes again and compare every transition.

    A recording is a file of JSON lines, one a transition, with a manifest.json beside it, which
    names the environment, its profile, and the engine; an engine that conflicts with what is
    installed here runs in the interpreter of its name, made by `automem setup`. Exits with 1
    where anything differs or cannot be played.
    """
    from automem.plugins import load_plugins

    plugins = load_plugins()
    options = _overridden(overrides, plugins)
    verified: list[VerifiedRecording] = []
    for path in recordings:
        entry = _verify(path, plugins, options)
        verified.append(entry)
        if not as_json:
            _say_verification(entry)
    if as_json:
        print_json(verified)
    if not all(_matches(entry) for entry in verified):
        ctx.exit(FAILED)


@environments.command(epilog=examples("automem environments play crafter --seed 42"))
@click.argument("name")
@click.option("--task", help="Which of its tasks. Default: its first.")
@click.option("--seed", default=0, show_default=True, help="The seed of the episode.")
@click.option("--profile", help="The profile to play, where it has profiles.")
@_set_option
@json_option
@click.pass_context
def play(
    ctx: click.Context,
    *,
    name: str,
    task: str | None,
    seed: int,
    profile: str | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Play an environment yourself.

    An action is its number or its text; q ends, or :q where q is an action. A game that needs
    an interpreter of its own is played in that one.

    --json prints what the last action gave, at the end, on stdout; the game goes to stderr.
    """
    from automem.cli.playing_by_hand import play_by_hand
    from automem.plugins import load_plugins

    plugins = load_plugins()
    spec = plugins.get("environment", name)
    chosen = _overridden(overrides, plugins).get(name, {})
    if profile is not None:
        chosen["profile"] = profile
    elsewhere = _another_python(spec, chosen)
    if elsewhere is not None:
        ctx.exit(_run_in(elsewhere, ctx.find_object(Invocation)))
    environment = _make(spec, plugins, task or spec.tasks[0], chosen)
    try:
        last = play_by_hand(environment, seed)
    finally:
        environment.close()
    if as_json:
        print_json(last)


def _listed(spec: EnvironmentSpec, plugins: Plugins) -> ListedEnvironment:
    from automem.choices import choices
    from automem.errors import PluginError

    missing = None
    profile = None
    profiles: tuple[str, ...] = ()
    try:
        plugins.load(spec)
        options = plugins.options(spec, {})
        profile = getattr(options, "profile", None)
        profiles = choices(type(options), "profile") if options is not None else ()
    except PluginError as error:
        missing = str(error)
    return ListedEnvironment(
        name=spec.name,
        summary=spec.summary,
        tasks=spec.tasks,
        profile=profile,
        profiles=profiles,
        installed=missing is None,
        missing=missing,
    )


def _verify(
    path: Path, plugins: Plugins, options: Mapping[str, Mapping[str, Any]]
) -> VerifiedRecording:
    import anyio

    from automem.errors import AutoMemError
    from automem.evaluate.verify import read_source, verify_in_worker

    try:
        source = read_source(path)
        spec = plugins.get("environment", source.environment)
        chosen = options.get(source.environment, {})
        plugins.options(spec, {**source.options, **chosen}, path=spec.name)
        verification = anyio.run(verify_in_worker, path, spec, source, chosen)
    except AutoMemError as error:
        # One that cannot be played says nothing about the others.
        return VerifiedRecording(recording=str(path), verification=None, error=str(error))
    return VerifiedRecording(recording=str(path), verification=verification)


def _matches(entry: VerifiedRecording) -> bool:
    return entry.verification is not None and entry.verification.first_difference is None


def _overridden(overrides: tuple[str, ...], plugins: Plugins) -> dict[str, dict[str, Any]]:
    """What `-s` says of each environment; one that nobody offers is refused."""
    from automem.run.overrides import override

    options: dict[str, dict[str, Any]] = {}
    for item in overrides:
        override(options, item)
    for name in options:
        plugins.get("environment", name)
    return options


def _make(
    spec: EnvironmentSpec, plugins: Plugins, task: str, chosen: Mapping[str, Any]
) -> Environment:
    options = plugins.options(spec, chosen, path=spec.name)
    environment: Environment = plugins.load(spec)(task, options)
    return environment


def _another_python(spec: EnvironmentSpec, chosen: Mapping[str, Any]) -> str | None:
    """The Python that this game runs in, where it is not this one. Raises PluginError."""
    from automem.processes.interpreters import interpreter_of, python_of

    name = interpreter_of(spec, chosen)
    python = None if name is None else python_of(name)
    return None if python == sys.executable else python


def _run_in(python: str, invocation: Invocation | None) -> int:
    """The same command in another Python, with the same terminal; its exit code."""
    arguments = () if invocation is None else invocation.arguments
    code = "from automem.cli import main; main()"
    # Isolated: PYTHONPATH names packages for the Python of the host.
    return subprocess.run([python, "-I", "-c", code, *arguments], check=False).returncode  # noqa: S603


def _say_verification(entry: VerifiedRecording) -> None:
    verification = entry.verification
    if verification is None:
        say(f"error {entry.recording}", f"  {entry.error}")
        return
    say(f"{verification.matched}/{verification.total} {entry.recording}")
    difference = verification.first_difference
    if difference is not None:
        say(
            f"  first difference: line {difference.line}, seed {difference.seed}, "
            f"step {difference.step}, {difference.field}",
            f"    recorded: {difference.recorded}",
            f"    played:   {difference.played}",
        )
