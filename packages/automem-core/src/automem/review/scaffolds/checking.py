"""Whether the scaffold under review can be played: the check that an evaluation makes, and more."""

from __future__ import annotations

from automem.errors import ScaffoldError
from automem.evaluate.candidate import check_candidate, recordings_of
from automem.review.workplace import Workplace
from automem.scaffold.load import load_scaffold


async def problems(place: Workplace) -> list[str]:
    """Everything that keeps it from being played, in words; one episode of each task is tried."""
    folder = place.overlay.folder
    games = place.view.games()
    shown = {episode.task: episode for episode in reversed(place.view.episodes())}
    shipped = [
        path
        for game in sorted({info.name for info in games.values()})
        for path in recordings_of(game, place.plugins)
    ]
    found = await check_candidate(
        folder,
        recorded=[*(episode.folder.path for episode in shown.values()), *shipped],
        games=games,
        unsafe=place.view.unsafe_code,
    )
    said = [f"{problem.where}: {problem.text}" for problem in found] + _wrong_parent(place)
    for episode in shown.values():
        said = [text.replace(str(episode.folder.path), f"episode {episode.name}") for text in said]
    return [text.replace(f"{folder}: ", "").replace(f"{folder}/", "") for text in said]


def _wrong_parent(place: Workplace) -> list[str]:
    try:
        parent = load_scaffold(place.overlay.folder).manifest.parent
    except ScaffoldError:
        return []  # the check says so
    if parent == place.task.incumbent:
        return []
    return [f'scaffold.toml: parent must stay "{place.task.incumbent}"']
