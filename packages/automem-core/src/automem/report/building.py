"""Builds the one HTML file: reads every trace once, has the pictures drawn, writes the page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import anyio

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import TraceReader, open_trace
from automem.errors import AutoMemError, RunError, TraceError
from automem.files import write_text
from automem.plugins import Plugins
from automem.processes.pool import EnvironmentPool, cores
from automem.records._struct import Record
from automem.report.marks import Marks, marks_of
from automem.report.packing import packed
from automem.report.page import Page, render
from automem.report.pictures import Album, Frames, album_of, drawing_pool, key_steps
from automem.report.replay import EpisodeData, episode_id, events_of
from automem.report.source import Version, readable, title_of, versions_of
from automem.report.steps import chunks
from automem.run.layout import RunFolder


class Built(Record):
    """What a report came to."""

    path: str
    bytes: int
    versions: int
    episodes: int
    """That can be replayed in it."""
    pictures: int
    notes: tuple[str, ...] = ()
    """What is missing, and why; said in the page as well."""


@dataclass(slots=True)
class _Episode:
    """One episode on its way into the page."""

    version: Version
    task: str
    seed: int
    folder: EpisodeFolder
    reader: TraceReader
    marks: Marks
    blocks: tuple[tuple[str, str], ...]
    album: Album | None = None
    note: str = ""


@dataclass(slots=True)
class _Work:
    """Who is told how far it is, how far it is, and what could not be read."""

    told: Callable[[str], None]
    episodes: list[_Episode] = field(default_factory=list[_Episode])
    missing: list[str] = field(default_factory=list[str])
    drawn: int = 0


async def build_report(
    runs: Sequence[RunFolder],
    plugins: Plugins,
    path: Path,
    *,
    frames: Frames = "all",
    seeds: Sequence[int] = (),
    told: Callable[[str], None] = lambda text: None,
) -> Built:
    """Write the report of some runs to `path`; `seeds` are those to replay, none being all.

    Raises RunError where nothing was played, or none of the seeds, and EvaluationError or
    ScaffoldError for damaged files. An episode whose trace cannot be read is not replayed, one
    whose pictures cannot be drawn goes without, and a note says why.
    """
    versions = versions_of(runs, measured=True)
    work = _Work(told=told)
    _refuse_unplayed(versions, seeds)
    for version in versions:
        for task, seed, folder in _wanted(version, seeds):
            try:
                work.episodes.append(_read(version, task, seed, folder))
            except TraceError as error:
                name = f"{version.label} {task}/{seed}"
                work.missing.append(f"no replay of {name}: {readable(error)}")
    if frames != "none":
        await _draw(work, versions, plugins, frames)
    blocks: list[tuple[str, str]] = []
    for episode in work.episodes:
        blocks += [*episode.blocks, *_picture_blocks(episode)]
    pictures = dict.fromkeys(episode.note for episode in work.episodes if episode.note)
    html = render(
        Page(
            title=title_of(runs),
            runs=runs,
            versions=versions,
            episodes=[_data(episode) for episode in work.episodes],
            marks=[[e.marks for e in work.episodes if e.version is v] for v in versions],
            blocks=blocks,
            notes=work.missing,
            made_at=datetime.now(UTC).strftime("%Y-%m-%d"),
        )
    )
    write_text(path, html)
    return Built(
        path=str(path),
        bytes=len(html.encode()),
        versions=len(versions),
        episodes=len(work.episodes),
        pictures=sum(e.album.data.count for e in work.episodes if e.album),
        notes=(*work.missing, *pictures),
    )


def _refuse_unplayed(versions: Sequence[Version], seeds: Sequence[int]) -> None:
    planned = sorted({seed for version in versions for seed in version.plan.seeds})
    unplayed = [str(seed) for seed in seeds if seed not in planned]
    if unplayed:
        raise RunError(
            f"seed {', '.join(unplayed[:5])} is in none of the evaluations; "
            f"there are: {', '.join(str(seed) for seed in planned)}"
        )


def _wanted(version: Version, seeds: Sequence[int]) -> Iterator[tuple[str, int, EpisodeFolder]]:
    """The episodes to replay, also those that are finished and have lost their trace."""
    finished = {(result.task, result.seed) for result in version.results}
    begun = {(task, seed) for task, seed, _ in version.episodes()}
    for task in version.plan.tasks:
        for seed in version.plan.seeds:
            if (task, seed) in finished | begun and (not seeds or seed in seeds):
                yield task, seed, version.episode(task, seed)


def _read(version: Version, task: str, seed: int, folder: EpisodeFolder) -> _Episode:
    """Everything of an episode but its pictures. Raises TraceError."""
    reader = open_trace(folder)
    name = episode_id(version, task, seed)
    blocks: list[tuple[str, str]] = []
    for number, chunk in enumerate(chunks(reader)):
        blocks.append((f"steps-{name}-{number}", packed(chunk.steps)))
        blocks.append((f"talk-{name}-{number}", packed(chunk.talk)))
    return _Episode(version, task, seed, folder, reader, marks_of(reader), tuple(blocks))


async def _draw(work: _Work, versions: Sequence[Version], plugins: Plugins, frames: Frames) -> None:
    for version in versions:
        mine = [episode for episode in work.episodes if episode.version is version]
        if not mine:
            continue
        workers = min(cores(), len(mine))
        try:
            async with drawing_pool(
                plugins, version.plan, version.run, compact=True, workers=workers
            ) as pool:
                places = anyio.CapacityLimiter(workers)
                async with anyio.create_task_group() as group:
                    for episode in mine:
                        group.start_soon(_draw_one, work, episode, pool, frames, places)
        except AutoMemError as error:
            for episode in mine:
                episode.note = f"no pictures of {version.label}: {readable(error)}"


async def _draw_one(
    work: _Work,
    episode: _Episode,
    pool: EnvironmentPool,
    frames: Frames,
    places: anyio.CapacityLimiter,
) -> None:
    wanted = key_steps(episode.marks) if frames == "key" else None
    name = f"{episode.version.label} {episode.task}/{episode.seed}"
    async with places:
        try:
            album = episode.album = await album_of(pool, episode.reader, wanted)
            if album is not None and album.data.count < len(wanted or range(episode.marks.steps)):
                episode.note = f"pictures of {name} end early: too many different ones"
        except AutoMemError as error:
            episode.note = f"no pictures of {name}: {readable(error)}"
    work.drawn += 1
    work.told(f"pictures {work.drawn}/{len(work.episodes)}: {name}")


def _data(episode: _Episode) -> EpisodeData:
    result = next(
        (r for r in episode.version.results if (r.task, r.seed) == (episode.task, episode.seed)),
        None,
    )
    return EpisodeData(
        id=episode_id(episode.version, episode.task, episode.seed),
        name=f"{episode.task} {episode.seed}",
        version=episode.version.number,
        steps=episode.marks.steps,
        reason=result.reason if result else "",
        progression=result.progression if result else None,
        events=events_of(result),
        drawn=episode.album is not None,
        pictures=episode.album.data if episode.album else None,
        pictures_note=episode.note,
        marks=episode.marks,
    )


def _picture_blocks(episode: _Episode) -> Iterator[tuple[str, str]]:
    name = episode_id(episode.version, episode.task, episode.seed)
    if episode.album is not None:
        for what, data in (("tiles", episode.album.tiles), ("mosaics", episode.album.mosaics)):
            yield f"{what}-{name}", base64.b64encode(data).decode("ascii")
