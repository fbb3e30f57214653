"""The page around the replay: colors, sections, and what people who do not see it are told."""

from __future__ import annotations

import pytest

from .conftest import Open

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page: Open, address: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(address, color_scheme=scheme)
    page.eval_on_selector_all("details", "all => all.forEach((each) => { each.open = true; })")
    page.fill("#step", "16")
    page.press("#step", "Enter")
    page.wait_for_selector("#player[data-step='16']")
    found = Axe().run(page).response
    assert len(found["passes"]) > 20, "axe looked at the page"
    serious = [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    page.get_by_role("button", name="Conversation of toy at this step").click()
    page.wait_for_selector("#talk[open]")
    again = Axe().run(page, context="#talk").response
    assert [each["id"] for each in again["violations"]] == []


def test_light_and_dark_take_turns(open_page: Open, address: str) -> None:
    page = open_page(address, color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.click("#theme")
    dark = page.evaluate(paper)
    assert light != dark
    page.click("#theme")
    assert page.evaluate(paper) == light


def test_the_tab_key_reaches_every_control(open_page: Open, address: str) -> None:
    page = open_page(address)
    wanted = {"theme", "seed", "jump", "play", "step", "slide", "speed", "help"}
    reached: set[str] = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert wanted <= reached


def test_space_on_the_play_button_plays_once(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.select_option("#speed", "1")
    page.focus("#play")
    page.keyboard.press("Space")
    page.wait_for_selector("#play[aria-pressed=true]")
    page.keyboard.press("Space")
    page.wait_for_selector("#play[aria-pressed=false]")


def test_steps_are_told_to_who_does_not_see_them(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.fill("#step", "3")
    page.press("#step", "Enter")
    status = page.locator("#status", has_text="Step 3. toy: say ")
    status.wait_for(state="attached")


def test_the_page_fits_a_laptop_and_a_phone(open_page: Open, address: str) -> None:
    page = open_page(address)
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 800})
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0


def test_the_list_of_runs_leads_to_a_run(open_page: Open, served: str) -> None:
    page = open_page(served)
    page.click(".wordmark")
    page.click("text=toys")
    page.wait_for_selector("#player[data-step]")
    assert page.url == served
