"""Makes the pictures of the docs from a report: `screenshots.py REPORT.html FOLDER`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = {"width": 1280, "height": 880}
SEED, STEP = "default 43", 727


def main(report: Path, folder: Path) -> None:
    """Take the pictures."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, scheme, take in (
            ("report.png", "light", results),
            ("replay.png", "light", replay),
            ("replay-dark.png", "dark", replay),
        ):
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.goto(report.resolve().as_uri())
            page.wait_for_selector("#player[data-step]")
            take(page)
            page.screenshot(path=folder / name)
            page.close()
        browser.close()


def results(page: Page) -> None:
    """The top of the page."""
    page.evaluate("scrollTo(0, 0)")


def replay(page: Page) -> None:
    """A step of the replay with both versions."""
    page.select_option("#seed", SEED)
    page.wait_for_selector(f".lane[aria-label$='{SEED}']")
    page.fill("#step", str(STEP))
    page.press("#step", "Enter")
    page.wait_for_selector(f".lane canvas[data-step='{STEP}']")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.querySelector('.chooser').scrollIntoView()")
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
