"""`automem scaffold`: show, check, compare and begin scaffolds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.errors import FAILED
from automem.cli.lineage import lineage
from automem.cli.output import examples, json_option, page, print_json, say, say_next
from automem.records._struct import Record
from automem.records.scaffold import Manifest
from automem.scaffold.problem import Problem

if TYPE_CHECKING:
    from automem.plugins import Plugins
    from automem.protocols import Environment
    from automem.records.environment import EnvironmentInfo


class ShownScaffold(Record):
    """What `automem scaffold show --json` prints."""

    folder: str
    hash: str
    manifest: Manifest
    variants: tuple[str, ...]
    prompts: dict[str, str]
    files: dict[str, str]
    code: str | None


class CheckedScaffold(Record):
    """What `automem scaffold check --json` prints."""

    folder: str
    hash: str
    problems: tuple[Problem, ...]
    game: str | None
    """The environment whose actions were checked; None where that was not possible."""


class ComparedScaffolds(Record):
    """What `automem scaffold diff --json` prints."""

    a: str
    b: str
    equal: bool
    difference: str
    """A unified diff of all texts."""


class NewScaffold(Record):
    """What `automem scaffold new --json` prints."""

    folder: str
    hash: str
    parent: str


@click.group(
    epilog=examples(
        "automem scaffold show crafter-map",
        "automem scaffold new crafter-map my-map",
        "automem scaffold check my-map",
        "automem scaffold diff crafter-map my-map",
    )
)
def scaffold() -> None:
    """Show, check, compare and begin scaffolds.

    A SOURCE is the name of a scaffold that a plugin offers, a path to a folder, or a version of
    a run, such as runs/crafter:1 or runs/crafter:001-b.
    """


scaffold.add_command(lineage)


@scaffold.command(
    epilog=examples("automem scaffold show", "automem scaffold show crafter-map --prompts")
)
@click.argument("source", required=False)
@click.option("--task", help="Show it as it is played on this task.")
@click.option("--prompts", "with_prompts", is_flag=True, help="Also show the prompts' texts.")
@json_option
def show(*, source: str | None, task: str | None, with_prompts: bool, as_json: bool) -> None:
    """Show a scaffold's files, operations and limits.

    Without SOURCE, list the scaffolds that have a name.
    """
    from automem.plugins import load_plugins
    from automem.scaffold.load import load_scaffold
    from automem.scaffold.overview import overview

    plugins = load_plugins()
    if source is None:
        specs = list(plugins.scaffolds().values())
        if as_json:
            print_json(specs)
            return
        for spec in specs:
            say(f"{spec.name}: {spec.summary}")
        return
    loaded = load_scaffold(_find(source, plugins))
    if task is not None:
        loaded = loaded.for_task(task)
    if not as_json:
        say(overview(loaded, with_prompts=with_prompts))
        return
    print_json(
        ShownScaffold(
            folder=str(loaded.folder),
            hash=loaded.hash,
            manifest=loaded.manifest,
            variants=loaded.variants,
            prompts=dict(loaded.prompts),
            files=dict(loaded.files),
            code=loaded.code,
        )
    )


@scaffold.command(
    epilog=examples(
        "automem scaffold check my-map",
        "automem scaffold check . --json",
        "automem scaffold check my-map --trace runs/crafter/evaluations/1a2b/episodes/default/42",
    )
)
@click.argument("source")
@click.option(
    "--trace",
    "traces",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A recorded episode, file or folder, to try it on. May be repeated.",
)
@click.option(
    "--unsafe-code", is_flag=True, help="Run the scaffold's code also where nothing keeps it in."
)
@json_option
@click.pass_context
def check(
    ctx: click.Context,
    *,
    source: str,
    traces: tuple[Path, ...],
    unsafe_code: bool,
    as_json: bool,
) -> None:
    """Say everything that keeps a scaffold from being played.

    It is played dry over recorded observations, asking no model; its code runs in the jail.
    Exits with 1 if anything is wrong.
    """
    import anyio

    from automem.evaluate.candidate import check_candidate, recordings_of
    from automem.plugins import load_plugins
    from automem.scaffold.load import load_scaffold

    plugins = load_plugins()
    loaded = load_scaffold(_find(source, plugins))
    games, reason = _games(loaded.manifest.environment, plugins)
    recorded = (*recordings_of(loaded.manifest.environment, plugins), *traces)

    async def checked() -> list[Problem]:
        return await check_candidate(
            loaded.folder, recorded=recorded, games=games, unsafe=unsafe_code
        )

    problems = anyio.run(checked)
    if as_json:
        print_json(
            CheckedScaffold(
                folder=str(loaded.folder),
                hash=loaded.hash,
                problems=tuple(problems),
                game=next((info.name for info in games.values()), None),
            )
        )
    else:
        for problem in problems:
            say(f"{problem.where}: {problem.text}")
        if reason:
            say(
                f"the actions of {'some tasks' if games else 'the game'} were not checked: {reason}"
            )
        if not problems:
            say(f"{loaded.folder} can be played ({loaded.hash})")
    if problems:
        ctx.exit(FAILED)


@scaffold.command(
    epilog=examples(
        "automem scaffold diff crafter-v0 crafter-map",
        "automem scaffold diff runs/crafter:0 runs/crafter:1",
    )
)
@click.argument("a")
@click.argument("b")
@json_option
def diff(*, a: str, b: str, as_json: bool) -> None:
    """Show what differs between two scaffolds.

    It is a unified diff of all their texts.
    """
    from automem.plugins import load_plugins
    from automem.scaffold.content import difference

    plugins = load_plugins()
    first, second = _find(a, plugins), _find(b, plugins)
    text = difference(first, second)
    if as_json:
        print_json(ComparedScaffolds(a=str(first), b=str(second), equal=not text, difference=text))
    elif text:
        page(text)
    else:
        say("they are equal")


@scaffold.command(epilog=examples("automem scaffold new crafter-map scaffolds/my-map"))
@click.argument("source")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="The new scaffold's name. Default: the folder's.")
@json_option
def new(*, source: str, folder: Path, name: str | None, as_json: bool) -> None:
    """Begin a scaffold as a copy of SOURCE in the new FOLDER."""
    from automem.plugins import load_plugins
    from automem.scaffold.content import content_hash
    from automem.scaffold.new import new_scaffold

    parent = _find(source, load_plugins())
    made = new_scaffold(parent, folder, name or folder.resolve().name)
    if as_json:
        print_json(
            NewScaffold(folder=str(made), hash=content_hash(made), parent=content_hash(parent))
        )
    else:
        say_next(made, ("scaffold", "check", str(made)))


def _find(source: str, plugins: Plugins) -> Path:
    from automem.cli.versions import find_source

    return find_source(source, plugins)


def _games(name: str, plugins: Plugins) -> tuple[dict[str, EnvironmentInfo], str]:
    """What the scaffold's game says of each task, and why that of some cannot be known here."""
    from automem.errors import EnvironmentFailure, PluginError

    if not name:
        return {}, ""
    try:
        spec = plugins.get("environment", name)
        make, options = plugins.load(spec), plugins.options(spec, {})
    except PluginError as error:
        return {}, str(error)
    infos: dict[str, EnvironmentInfo] = {}
    reasons: list[str] = []
    for task in spec.tasks:
        try:
            environment: Environment = make(task, options)
        except EnvironmentFailure as error:
            reasons.append(f"{task}: {error}")
            continue
        infos[task] = environment.info
        environment.close()
    return infos, "; ".join(reasons)
