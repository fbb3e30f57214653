"""What the tools of one review of a recipe share: its table of turns, and the last try-out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from anyio import to_thread

from automem.errors import DataError
from automem.review.refusal import ToolRefusal
from automem.review.view import ShownEpisode
from automem.review.workplace import Workplace
from automem_train.dataset.conversations import TurnId
from automem_train.dataset.folder import DataFolder, data_folders
from automem_train.dataset.trying import Tryout, try_data
from automem_train.dataset.words import Words
from automem_train.recipes.reading import reused_data
from automem_train.recipes.recipe import Recipe
from automem_train.reviewing.work import RecipeWork
from automem_train.select.selection import load_selection
from automem_train.turns.source import complete_evaluations, sources_of
from automem_train.turns.table import TurnTable, turn_table


@dataclass(slots=True)
class Bench:
    """Derived things, made when they are first asked for."""

    work: RecipeWork
    _table: TurnTable | None = None
    _words: Words | None = None
    _tried: tuple[bytes, int, Tryout] | None = None
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Episode, as the ids of its turns begin -> its name in the review, such as `A1`."""

    async def table(self, place: Workplace) -> TurnTable:
        """The turns of the evaluations that may be looked at. Raises DataError, TraceError."""
        if not place.task.evaluations:
            raise DataError("a recipe needs evaluations to learn from, and the task names none")
        if self._table is None:
            for episode in place.view.episodes():
                self.names[_key(episode)] = episode.name
            self._table = await to_thread.run_sync(_made, place)
        return self._table

    def words(self, place: Workplace, table: TurnTable) -> Words:
        """What was offered where these turns were played."""
        if self._words is None:
            scaffolds = {
                shown.folder.path.name: shown.plan.scaffold for shown in place.view.evaluations
            }
            tasks = {source.name: source.result.task for source in table.sources}
            self._words = Words(place.run, scaffolds, tasks)
        return self._words

    def episode(self, place: Workplace, turn: TurnId) -> ShownEpisode:
        """Where a turn was played. Raises ToolRefusal for what may not be looked at."""
        for episode in place.view.episodes():
            if _key(episode) == turn.episode:
                return episode
        raise ToolRefusal(
            f"no episode of this review begins the ids of its turns with {turn.episode}; the tool "
            "`turns` gives ids"
        )

    async def tryout(
        self, place: Workplace, seed: int = 0, *, folder: Path | None = None
    ) -> Tryout:
        """What the selection in the overlay would come to, or that in another folder.

        Raises DataError, TraceError, ScaffoldError, JailError.
        """
        chooser = load_selection(folder or place.overlay.folder)
        await self.table(place)
        if self._tried is None or self._tried[:2] != (chooser.canonical, seed):
            within = place.task.evaluations
            tryout = await try_data(place.run, chooser, within=within, seed=seed)
            self._tried = (chooser.canonical, seed, tryout)
        return self._tried[2]

    def data(self, place: Workplace) -> list[DataFolder]:
        """The run's data sets that hold nothing but turns of these evaluations."""
        within = place.task.evaluations
        return [folder for folder in data_folders(place.run) if not folder.others(within)]

    def reused(self, place: Workplace, recipe: Recipe) -> DataFolder | None:
        """The data set that a recipe uses again; None where it selects. Raises DataError."""
        return reused_data(recipe, place.run, place.task.evaluations)


def _key(episode: ShownEpisode) -> str:
    """As the ids of its turns begin."""
    task = episode.folder.path.parent.name
    return f"{episode.evaluation.folder.path.name}/{task}/{episode.seed}"


def _made(place: Workplace) -> TurnTable:
    evaluations = complete_evaluations(place.run, place.task.evaluations)
    return turn_table(place.run, sources_of(place.run, evaluations))
