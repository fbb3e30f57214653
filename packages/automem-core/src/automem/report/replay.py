"""What the script of a page is told at once: which versions and episodes there are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from automem.records._struct import Record
from automem.records.result import EpisodeResult
from automem.report.marks import Marks
from automem.report.pictures import PicturesData
from automem.report.source import Version
from automem.report.steps import CHUNK_STEPS

_UNSAFE = re.compile(r"[<>&\u2028\u2029]")


class VersionData(Record):
    """One version."""

    number: int
    label: str


class EpisodeData(Record):
    """One episode that can be shown."""

    id: str
    name: str
    """Task and seed; the same in every version."""
    version: int
    steps: int
    reason: str = ""
    """Why it ended; empty while it is not finished."""
    progression: float | None = None
    events: tuple[tuple[int, str], ...] = ()
    """First-time events by step."""
    drawn: bool = False
    """Whether there are pictures."""
    pictures: PicturesData | None = None
    pictures_note: str = ""
    """Why there are none."""
    marks: Marks | None = None
    """None where a server tells them when asked."""


class ReplayData(Record):
    """Everything the script begins with."""

    game: str
    """Name of the environment."""
    versions: tuple[VersionData, ...]
    episodes: tuple[EpisodeData, ...]
    chunk_steps: int = CHUNK_STEPS
    root: str = ""
    """Where a server answers; empty where everything stands in the page."""


def replay_data(
    versions: Sequence[Version], episodes: Sequence[EpisodeData], root: str = ""
) -> ReplayData:
    """The versions with these episodes."""
    return ReplayData(
        game=versions[0].plan.environment,
        versions=tuple(VersionData(number=v.number, label=v.label) for v in versions),
        episodes=tuple(episodes),
        root=root,
    )


def episode_id(version: Version, task: str, seed: int) -> str:
    """What an episode is called in addresses and element names: `0-2-42` is task 2, seed 42."""
    return f"{version.number}-{version.plan.tasks.index(task)}-{seed}"


def events_of(result: EpisodeResult | None) -> tuple[tuple[int, str], ...]:
    """The achievements of a result in the order of being reached."""
    if result is None:
        return ()
    return tuple(sorted((step, name) for name, step in result.achievements.items()))


def script_json(value: Record) -> Markup:
    """JSON that ends no script element, whatever texts are in it."""
    text = msgspec.json.encode(value).decode()
    return Markup(  # noqa: S704 - nothing that HTML reads is left in it
        _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    )
