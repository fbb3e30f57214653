"""A review by hand: what is written down, and when it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.cli.output import command_line
from automem.plugins import Plugins, load_plugins
from automem.records.review import Answered, Noted
from automem.testing.meta_desk import MemoryDesk
from automem.testing.reviews import Reviews, play_toys
from automem.testing.toy import toy_entry_point
from automem_meta.providers.manual import ManualOptions, ManualProvider, make_provider

pytestmark = pytest.mark.anyio
Deed = Callable[[Path], None]


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture
def reviews(plugins: Plugins, tmp_path: Path) -> Reviews:
    """Reviews of a played run."""
    run, evaluation = anyio.run(play_toys, tmp_path, plugins)
    return Reviews(run, evaluation, plugins)


@dataclass
class Person:
    """Does one thing each time the provider pauses."""

    folder: Path
    deeds: Iterator[Deed]

    async def __call__(self) -> None:
        next(self.deeds)(self.folder)


def by_hand(folder: Path, *deeds: Deed) -> ManualProvider:
    person: Callable[[], Awaitable[None]] = Person(folder, iter(deeds))
    return ManualProvider(person)


def writes(name: str, text: str = "") -> Deed:
    def deed(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return deed


def interrupts(_: Path) -> None:
    raise KeyboardInterrupt


async def test_it_waits_until_everything_is_delivered_and_done(reviews: Reviews) -> None:
    folder = reviews.folder()
    seen: list[str] = []

    def reads_problems(_: Path) -> None:
        seen.append((folder / "problems.md").read_text(encoding="utf-8"))
        assert not (folder / "done").exists()

    async with reviews.open() as desk:
        await by_hand(
            folder,
            writes("overlay/files/signs.txt", "Signs:\n"),
            writes("done"),
            reads_problems,
            writes("analysis.md", "No header."),
            writes("method.md", "# A header for the signs"),
            writes("done"),
        ).review(desk)
    assert "analysis.md is missing" in seen[0]
    told = [event.text for event in desk.events if isinstance(event, Noted)]
    assert "problems.md says what is missing" in told[1]
    assert not (folder / "problems.md").exists()
    assert desk.outcome is not None
    assert (desk.outcome.reason, desk.outcome.change) == ("finished", "A header for the signs")


async def test_everything_that_is_needed_is_written_beside_the_overlay(reviews: Reviews) -> None:
    folder = reviews.folder()
    async with reviews.open() as desk:
        await by_hand(folder, writes("give-up")).review(desk)
    assert (folder / "brief.md").read_text(encoding="utf-8") == desk.brief
    assert (folder / "instructions.md").read_text(encoding="utf-8") == desk.instructions
    said = (folder / "what-to-do.md").read_text(encoding="utf-8")
    assert f"{folder.resolve()}/overlay" in said
    shown = command_line("runs", "show", str(reviews.run.path.resolve()), "--behaviour")
    assert f"   {shown}\n" in said and "AUTOMEM" not in said
    assert desk.outcome is not None
    assert desk.outcome.reason == "gave_up"


async def test_interrupted_it_waits_on_and_says_so_once(reviews: Reviews) -> None:
    folder = reviews.folder()
    with pytest.raises(KeyboardInterrupt):
        async with reviews.open() as desk:
            await by_hand(folder, writes("overlay/files/signs.txt", "Signs:"), interrupts).review(
                desk
            )
    assert desk.outcome is None
    async with reviews.open() as again:
        await by_hand(
            folder,
            writes("analysis.md", "x"),
            writes("method.md", "x"),
            writes("done"),
        ).review(again)
        assert again.finished
        await by_hand(folder, interrupts).review(again)
    told = [event for event in again.events if isinstance(event, Noted)]
    assert len(told) == 1
    assert "what-to-do.md" in told[0].text
    assert sum(isinstance(event, Answered) for event in again.events) == 1


async def test_it_looks_as_often_as_the_options_say(tmp_path: Path) -> None:
    provider = make_provider("anybody", msgspec.convert({"poll_seconds": 0.001}, ManualOptions))
    desk = MemoryDesk(files={"analysis.md": "x"}, folder=tmp_path)
    writes("done")(tmp_path)
    await provider.review(desk)
    assert desk.finished
    await provider.pause()
    await provider.aclose()
    assert make_provider(None, None).price.output == 0
