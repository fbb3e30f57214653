"""Pictures for who is looking: one game at a time goes along with an episode and is drawn."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from automem.episode.reader import TraceReader
from automem.errors import AutoMemError, EnvironmentFailure
from automem.plugins import Plugins
from automem.protocols import EnvironmentSession
from automem.records.environment import Frame, Observation
from automem.report.pictures import check_same, drawing_pool
from automem.report.png import png
from automem.report.source import Version
from automem.report.steps import CHUNK_STEPS

MOST_GAMES = 4
"""As many as are shown side by side."""
MOST_KEPT = 300
"""Pictures of one game, so that going back a little costs nothing."""


@dataclass(slots=True, eq=False)
class _Wish:
    """A picture somebody waits for."""

    step: int
    done: anyio.Event = field(default_factory=anyio.Event)
    picture: bytes | None = None
    failure: AutoMemError | None = None


@dataclass(slots=True)
class _Game:
    """One episode that is being played again, in a task of its own."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    wishes: list[_Wish] = field(default_factory=list[_Wish])
    wished: anyio.Event = field(default_factory=anyio.Event)
    """Set when there is a wish."""

    async def next(self, step: int) -> _Wish:
        """The wish that is reached first from a step; whoever turns back waits."""
        while not self.wishes:
            self.wished = anyio.Event()
            await self.wished.wait()
        ahead = [wish for wish in self.wishes if wish.step >= step]
        return min(ahead or self.wishes, key=lambda wish: wish.step)


@dataclass(slots=True)
class Drawing:
    """Draws any step of any episode; `group` is where the games live."""

    plugins: Plugins
    group: TaskGroup
    _games: OrderedDict[str, _Game] = field(default_factory=OrderedDict[str, _Game])

    async def picture(
        self, name: str, version: Version, reader: TraceReader, step: int
    ) -> bytes | None:
        """A PNG file; None if the game draws nothing.

        `name` tells episodes apart. Raises EnvironmentFailure, ReplayMismatch, PluginError and
        ConfigError.
        """
        game = self._games.get(name) or self._begin(name, version, reader)
        self._games.move_to_end(name)
        wish = _Wish(step)
        game.wishes.append(wish)
        game.wished.set()
        await wish.done.wait()
        if wish.failure is not None:
            raise wish.failure
        return wish.picture

    def _begin(self, name: str, version: Version, reader: TraceReader) -> _Game:
        while len(self._games) >= MOST_GAMES:
            _, oldest = self._games.popitem(last=False)
            oldest.scope.cancel()
        game = self._games[name] = _Game()
        self.group.start_soon(self._play, name, game, version, reader)
        return game

    async def _play(self, name: str, game: _Game, version: Version, reader: TraceReader) -> None:
        """Draw what is wished until nobody wants this game any more."""
        failure: AutoMemError = EnvironmentFailure(f"the game of {name} was put away; ask again")
        with game.scope:
            try:
                await self._draw(game, version, reader)
            except AutoMemError as error:
                failure = error
                self._games.pop(name, None)
        for wish in game.wishes:
            wish.failure = failure
            wish.done.set()

    async def _draw(self, game: _Game, version: Version, reader: TraceReader) -> None:
        async with (
            drawing_pool(self.plugins, version.plan, version.run, compact=False, workers=1) as pool,
            pool.session(reader.started.info.task) as session,
        ):
            walk = _Walk(session, reader)
            while True:
                wish = await game.next(walk.step)
                wish.picture = await walk.to(wish.step)
                game.wishes.remove(wish)
                wish.done.set()


@dataclass(slots=True)
class _Walk:
    """A game at some step of its episode."""

    session: EnvironmentSession
    reader: TraceReader
    step: int = -1
    seen: Observation | None = None
    kept: OrderedDict[int, bytes | None] = field(default_factory=OrderedDict[int, bytes | None])

    async def to(self, step: int) -> bytes | None:
        """Go there, from the beginning if it lies behind, and draw."""
        if step not in self.kept:
            if step < self.step or self.step < 0:
                self.seen = await self.session.reset(self.reader.started.seed)
                self.step = 0
            await self._forward(step)
            self.kept[step] = _file(await self.session.frame())
            if len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)
        return self.kept[step]

    async def _forward(self, step: int) -> None:
        while self.step < step:
            last = min(step, self.step + CHUNK_STEPS) - 1
            views = await anyio.to_thread.run_sync(self.reader.between, self.step, last)
            for view in views:
                if self.seen is not None:
                    check_same(view.observed, self.seen, view.number)
                if view.acted is not None:
                    answer = await self.session.step(view.acted.executed)
                    self.seen = answer.observation
                self.step = view.number + 1


def _file(frame: Frame | None) -> bytes | None:
    return None if frame is None else png(frame)
