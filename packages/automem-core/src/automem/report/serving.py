"""The pages of runs, answered one address at a time; nothing is built in advance."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import anyio
import msgspec

from automem.episode.folder import EpisodeFolder
from automem.episode.reader import TraceReader, open_trace
from automem.episode.stream import trace_of
from automem.errors import AutoMemError, TraceError
from automem.plugins import Plugins
from automem.report.drawing import Drawing
from automem.report.http import HOST, Answer, listening
from automem.report.marks import Marks, marks_of
from automem.report.page import Page, render, render_list, script, style
from automem.report.replay import EpisodeData, episode_id, events_of
from automem.report.source import Version, readable, versions_of
from automem.report.steps import Chunk, chunk_at
from automem.run.layout import RunFolder

MOST_TRACES = 12
"""Opened traces that are kept: one that still grows is in memory whole."""
MOST_DIGITS = 20
"""Of a number in an address; seeds have 64 bits."""
HTML = "text/html; charset=utf-8"
JSON = "application/json"
_T = TypeVar("_T")


class _Latest(OrderedDict[str, _T]):
    """The values used last."""

    def keep(self, name: str, value: _T) -> _T:
        """Remember a value, forgetting the one unused for longest."""
        self[name] = value
        self.move_to_end(name)
        while len(self) > MOST_TRACES:
            self.popitem(last=False)
        return value


@dataclass(slots=True)
class Site:
    """Answers for the pages of runs."""

    title: str
    runs: Mapping[str, RunFolder]
    drawing: Drawing | None = None
    """None where no pictures are wanted."""
    _versions: dict[Path, list[Version]] = field(default_factory=dict[Path, list[Version]])
    _traces: _Latest[tuple[int, TraceReader]] = field(
        default_factory=_Latest[tuple[int, TraceReader]]
    )
    _marks: _Latest[tuple[int, Marks]] = field(default_factory=_Latest[tuple[int, Marks]])
    _chunks: _Latest[tuple[int, Chunk]] = field(default_factory=_Latest[tuple[int, Chunk]])

    async def answer(self, path: str) -> Answer | None:
        """What is at a path. Raises AutoMemError where a run cannot be read."""
        match path.strip("/").split("/"):
            case [""]:
                return self._list()
            case ["assets", "page.css"]:
                return Answer(body=style().encode(), kind="text/css; charset=utf-8")
            case ["assets", "page.js"]:
                return Answer(body=script().encode(), kind="text/javascript; charset=utf-8")
            case ["run", name, *rest] if name in self.runs:
                return await self._run(self.runs[name], rest)
            case _:
                return None

    async def _run(self, run: RunFolder, rest: list[str]) -> Answer | None:
        if not rest:
            return await anyio.to_thread.run_sync(self._page, run)
        what, name = rest[0], rest[-1]
        pieces = name.split("-")
        if len(rest) != 2 or not all(_is_number(piece) for piece in pieces):
            return None
        *named, number = pieces if what != "marks" else [*pieces, "0"]
        versions = self._versions.get(run.path)
        if versions is None:
            versions = await anyio.to_thread.run_sync(self._read, run)
        found = _episode(versions, [int(piece) for piece in named])
        if found is None:
            return None
        version, folder = found
        match what:
            case "steps" | "talk":
                return await anyio.to_thread.run_sync(
                    self._chunk, folder, int(number), what == "steps"
                )
            case "marks":
                return await anyio.to_thread.run_sync(self._all_marks, folder)
            case "picture":
                return await self._picture(version, folder, int(number))
            case _:
                return None

    def _list(self) -> Answer:
        rows = [(name, _address(name), _note(run)) for name, run in self.runs.items()]
        return Answer(body=render_list(self.title, rows).encode(), kind=HTML)

    def _read(self, run: RunFolder) -> list[Version]:
        """What there is of a run now; its parts are then asked for one by one."""
        versions = self._versions[run.path] = versions_of([run])
        return versions

    def _page(self, run: RunFolder) -> Answer:
        versions = self._read(run)
        episodes: list[EpisodeData] = []
        notes: list[str] = []
        for version in versions:
            for task, seed, folder in version.episodes():
                try:
                    episodes.append(self._data(version, task, seed, folder))
                except TraceError as error:
                    notes.append(f"no replay of {version.label} {task}/{seed}: {readable(error)}")
        name = next(name for name, known in self.runs.items() if known is run)
        root = _address(name)
        page = Page(
            title=run.name,
            runs=[run],
            versions=versions,
            episodes=episodes,
            root=root,
            notes=notes,
        )
        return Answer(body=render(page).encode(), kind=HTML)

    def _data(self, version: Version, task: str, seed: int, folder: EpisodeFolder) -> EpisodeData:
        result = next((r for r in version.results if (r.task, r.seed) == (task, seed)), None)
        return EpisodeData(
            id=episode_id(version, task, seed),
            name=f"{task} {seed}",
            version=version.number,
            # Every action is followed by an observation.
            steps=result.totals.steps + 1 if result else self._opened(folder)[1].count,
            reason=result.reason if result else "",
            progression=result.progression if result else None,
            events=events_of(result),
            drawn=self.drawing is not None,
        )

    def _chunk(self, folder: EpisodeFolder, number: int, steps: bool) -> Answer:  # noqa: FBT001
        size, reader = self._opened(folder)
        name = f"{folder.path}/{number}"
        known = self._chunks.get(name)
        if known is None or known[0] != size:
            known = self._chunks.keep(name, (size, chunk_at(reader, number)))
        return _json(known[1].steps if steps else known[1].talk)

    def _all_marks(self, folder: EpisodeFolder) -> Answer:
        size, reader = self._opened(folder)
        known = self._marks.get(str(folder.path))
        if known is None or known[0] != size:
            known = self._marks.keep(str(folder.path), (size, marks_of(reader)))
        return _json(known[1])

    async def _picture(self, version: Version, folder: EpisodeFolder, step: int) -> Answer:
        if self.drawing is None:
            return Answer(status=204)
        _, reader = await anyio.to_thread.run_sync(self._opened, folder)
        picture = await self.drawing.picture(str(folder.path), version, reader, step)
        return Answer(status=204) if picture is None else Answer(body=picture, kind="image/png")

    def _opened(self, folder: EpisodeFolder) -> tuple[int, TraceReader]:
        """The trace, read anew where it has grown."""
        size = trace_of(folder).stat().st_size
        known = self._traces.get(str(folder.path))
        if known is None or known[0] != size:
            known = (size, open_trace(folder))
        return self._traces.keep(str(folder.path), known)


async def serve(
    site: Site, port: int, plugins: Plugins | None, first: str, started: Callable[[str], None]
) -> None:
    """Answer for a site until cancelled; `started` is told the address of the run `first`.

    Port 0 is any free one; without `plugins` nothing is drawn. Raises RunError where the port is
    taken.
    """
    async with anyio.create_task_group() as group:
        site.drawing = Drawing(plugins, group) if plugins else None
        async with listening(port, site.answer) as bound:
            started(f"http://{HOST}:{bound}{_address(first) if first else '/'}")
            if first:
                group.start_soon(_warm, site, first)
            await anyio.sleep_forever()


async def _warm(site: Site, name: str) -> None:
    """Import what statistics need, which takes seconds, before somebody waits for it."""
    with suppress(AutoMemError):  # told to whoever asks
        await site.answer(_address(name))


def _is_number(piece: str) -> bool:
    return piece.isdecimal() and len(piece) <= MOST_DIGITS


def _address(name: str) -> str:
    return f"/run/{quote(name, safe='')}"


def _episode(versions: list[Version], named: list[int]) -> tuple[Version, EpisodeFolder] | None:
    """Version, task and seed by their numbers."""
    if len(named) != 3 or named[0] >= len(versions):
        return None
    version = versions[named[0]]
    if named[1] >= len(version.plan.tasks):
        return None
    task = version.plan.tasks[named[1]]
    there = {(task, seed): folder for task, seed, folder in version.episodes()}
    folder = there.get((task, named[2]))
    return None if folder is None else (version, folder)


def _note(run: RunFolder) -> str:
    try:
        versions = versions_of([run])
    except AutoMemError as error:
        return readable(error)
    finished = sum(len(version.results) for version in versions)
    planned = sum(version.planned for version in versions)
    return f"{', '.join(v.label for v in versions)}: {finished} of {planned} episodes"


def _json(value: Any) -> Answer:
    body = gzip.compress(msgspec.json.encode(value), compresslevel=3, mtime=0)
    return Answer(body=body, kind=JSON, encoding="gzip")
