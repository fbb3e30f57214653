"""The whole acceptance check of a scaffold folder: its texts, its code in a jail, a dry run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from anyio import to_thread

from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.errors import AutoMemError, JailError, ScaffoldError
from automem.evaluate.coding import CodePlay, Prove, code_play
from automem.evaluate.dryrun import dry_run, invented
from automem.plugins import Plugins, import_part
from automem.processes.jail import self_test
from automem.records.environment import EnvironmentInfo
from automem.records.trace import AnyEvent
from automem.scaffold.check import check_for_tasks
from automem.scaffold.content import CODE
from automem.scaffold.load import Scaffold, load_scaffold
from automem.scaffold.problem import Problem
from automem.scaffold.samples import some_game


async def check_candidate(
    folder: Path,
    *,
    recorded: Sequence[Path] = (),
    games: Mapping[str, EnvironmentInfo] | None = None,
    unsafe: bool = False,
    prove: Prove = self_test,
) -> list[Problem]:
    """Everything that keeps the scaffold in `folder` from being played; empty if nothing does.

    `recorded` are traces, or folders of episodes, over which it is played dry; `games` is what
    the scaffold's game says of each task. Only with `unsafe` is code run where nothing keeps it in;
    `prove` says what does.
    """
    try:
        scaffold = load_scaffold(folder)
    except ScaffoldError as error:
        return [Problem(where=str(folder), text=str(error))]
    # Every prompt is rendered many times, by a scaffold that may be a slow one.
    problems = list(await to_thread.run_sync(check_for_tasks, scaffold, games or {}))
    if problems:
        return problems
    with tempfile.TemporaryDirectory(prefix="automem-check-") as logs:
        try:
            code = await code_play(scaffold, Path(logs) / "code.log", unsafe=unsafe, prove=prove)
        except JailError as error:
            return [Problem(where=CODE, text=str(error))]
        return await try_out(scaffold, recorded=recorded, games=games or {}, code=code)


async def try_out(
    scaffold: Scaffold,
    *,
    recorded: Sequence[Path],
    games: Mapping[str, EnvironmentInfo],
    code: CodePlay | None,
) -> list[Problem]:
    """What is found by running a scaffold whose texts are right."""
    problems: dict[tuple[str, str], Problem] = {}
    for name, events in _recordings(scaffold, recorded, games):
        for problem in await _dry(scaffold, events, name, code):
            # The same in another recording is told once; where it came up stands in brackets.
            problems.setdefault((problem.where, problem.text.rpartition(" (")[0]), problem)
    return list(problems.values())


def recordings_of(environment: str, plugins: Plugins) -> tuple[Path, ...]:
    """The recordings that come with a game; none where it has none, or is not installed.

    Raises PluginError where the game's plugin names something that is not there.
    """
    spec = plugins.environments().get(environment)
    if spec is None or spec.recorded is None:
        return ()
    return tuple(import_part(spec, spec.recorded)())


async def _dry(
    scaffold: Scaffold, events: Iterator[AnyEvent], name: str, code: CodePlay | None
) -> list[Problem]:
    try:
        if code is None:
            return await dry_run(scaffold, events, name, None)
        async with code.open() as caller:
            return await dry_run(scaffold, events, name, caller)
    except AutoMemError as error:
        return [Problem(where=CODE, text=f"{error} ({name})")]


def _recordings(
    scaffold: Scaffold, recorded: Sequence[Path], games: Mapping[str, EnvironmentInfo]
) -> Iterator[tuple[str, Iterator[AnyEvent]]]:
    game = next(iter(games.values()), None) or some_game(scaffold.manifest)
    yield "a made-up episode", invented(game)
    for pattern in scaffold.variants:
        task = pattern.replace("*", "").replace("?", "x")
        if fnmatchcase(task, pattern):
            name = f"a made-up episode of {pattern}"
            yield name, invented(msgspec.structs.replace(game, task=task))
    for path in recorded:
        if path.is_dir():
            yield str(path), stream_events(trace_of(EpisodeFolder(path)))
        else:
            # Not its path: a meta-LLM is shown it, and need not know where games are installed.
            yield f"the recording {path.name.partition('.')[0]}", stream_events(path)
