"""A browser, and the pages of a toy run in it: built as a file, and served."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib import metadata
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal

from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.plugins import Plugins, load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.report.building import build_report
from automem.report.serving import Site, serve
from automem.report.source import Version, versions_of
from automem.run.layout import RunFolder, run_folder
from automem.testing.toy import toy_entry_point, toy_scaffold

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
Open = Callable[..., "Page"]


def elsewhere(work: Callable[..., Any], *arguments: Any) -> None:
    """Run a coroutine function in a thread: Playwright has an event loop in this one."""
    with start_blocking_portal() as portal:
        portal.call(work, *arguments)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"none of {', '.join(NAMES)} is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Everything that is installed, and the toy game."""
    found = metadata.entry_points(group="automem")
    return load_plugins(entry_points=[*found, toy_entry_point()])


@pytest.fixture(scope="session")
def played(plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of the toy game: a scaffold, one whose texts attack the page, and a longer game."""
    folder = tmp_path_factory.mktemp("browser")
    evil = folder / "evil"
    shutil.copytree(toy_scaffold(), evil)
    manifest = evil / "scaffold.toml"
    text = manifest.read_text(encoding="utf-8").replace('"toy"', '"evil"', 1)
    manifest.write_text(text.replace("Signs are noted", f"{EVIL} Signs are noted"), "utf-8")
    (evil / "files").mkdir(exist_ok=True)
    (evil / "files" / "notes.txt").write_text(f"{EVIL}\n", encoding="utf-8")
    run = run_folder(folder / "runs", "toys")

    async def play() -> None:
        for scaffold, options in (("toy", {"rooms": 30}), (str(evil), {"rooms": 30})):
            config = RunConfig(
                run=RunSection(name="toys", folder=str(run.path.parent)),
                environment=EnvironmentSection(
                    name="toy", tasks=("default",), options={**options, "max_steps": 100}
                ),
                scaffold=ScaffoldSection(source=scaffold),
                roles={"default": RoleSection(backend="toy-player")},
                seeds=SeedsSection(search=(1, 2)),
                evaluation=EvaluationSection(workers=1),
            )
            await evaluate(config, plugins, run, progress=Progress())

    elsewhere(play)
    return run


@pytest.fixture(scope="session")
def versions(played: RunFolder) -> list[Version]:
    """Both versions."""
    return versions_of([played])


@pytest.fixture(scope="session")
def file(played: RunFolder, plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the report on disk."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    elsewhere(build_report, [played], plugins, path)
    return path.as_uri()


@pytest.fixture(scope="session")
def served(played: RunFolder, plugins: Plugins) -> Iterator[str]:
    """The address of the served run."""
    told: list[str] = []
    ready = Event()

    def started(address: str) -> None:
        told.append(address)
        ready.set()

    with start_blocking_portal() as portal:
        site = Site(title="runs", runs={"toys": played})
        future = portal.start_task_soon(serve, site, 0, plugins, "toys", started)
        assert ready.wait(60), "the server did not start"
        yield told[0]
        future.cancel()


@pytest.fixture(params=["file", "served"])
def address(request: pytest.FixtureRequest) -> str:
    """Both kinds of page, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens addresses in a context of its own; at the end nothing may have gone wrong in it."""
    wrong: list[str] = []
    asked: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})

    def open_page(address: str, **media: Any) -> Page:
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        if media:
            page.emulate_media(**media)
        page.goto(address)
        page.wait_for_selector("#player[data-step]")
        return page

    yield open_page
    context.close()
    assert wrong == []
    beyond = [url for url in asked if not url.startswith(("file:", "http://127.0.0.1:", "blob:"))]
    assert beyond == []
