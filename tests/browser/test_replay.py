"""The replay in a browser: what it shows is what the traces say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from automem.episode.reader import TraceReader, open_trace
from automem.memory.lines import to_lines
from automem.report.marks import marks_of
from automem.report.source import Version
from automem.testing.toy import Toy, ToyOptions

from .conftest import EVIL, Open

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


def readers(versions: list[Version], seed: int = 1) -> list[TraceReader]:
    return [open_trace(version.episode("default", seed)) for version in versions]


def go(page: Page, step: int) -> None:
    page.fill("#step", str(step))
    page.press("#step", "Enter")
    at(page, step)


def at(page: Page, step: int) -> None:
    page.wait_for_selector(f"#player[data-step='{step}']")


def lanes(page: Page) -> list[Locator]:
    return page.locator(".lane").all()


def file_lines(lane: Locator) -> list[tuple[str, str]]:
    """Mark and text of each line of the memory file that is shown."""
    return [
        ((row.get_attribute("class") or "").removeprefix("row").strip(), row.text_content() or "")
        for row in lane.locator(".file .row").all()
    ]


@pytest.mark.parametrize("step", [0, 3, 15, 70])
def test_a_step_shows_what_the_trace_says(
    open_page: Open, address: str, versions: list[Version], step: int
) -> None:
    page = open_page(address)
    page.check("#as-text", force=True)
    go(page, step)
    for lane, reader in zip(lanes(page), readers(versions), strict=True):
        view = reader.step(step)
        assert view.observed is not None and view.acted is not None
        shown = lane.locator(".terminal").text_content()
        assert shown == f"{view.observed.prefix}{view.observed.text}\n\n{view.observed.status}"
        assert lane.locator(".deed").text_content() == view.acted.executed
        stars = lane.locator(".star").all_text_contents()
        assert stars == [f"\u2605 {event.replace('_', ' ')}" for event in view.acted.events]
        names = lane.locator(".operations b").all_text_contents()
        assert names == [operation.operation for operation in view.remembered]
        assert f"{100 * view.acted.progression:.1f} %" in lane.locator(".facts").inner_text()


@pytest.mark.parametrize("step", [0, 1, 8, 69, 80])
def test_memory_files_are_as_they_were_with_changes_marked(
    open_page: Open, address: str, versions: list[Version], step: int
) -> None:
    page = open_page(address)
    go(page, step)
    for lane, reader in zip(lanes(page), readers(versions), strict=True):
        after = reader.memory_at(step)
        before = reader.memory_at(step - 1) if step else dict(reader.started.files)
        for tab in lane.locator(".tab").all():
            tab.click()
            name = (tab.text_content() or "").split(".txt")[0] + ".txt"
            rows = file_lines(lane)
            lines = to_lines(after[name])
            assert [text for mark, text in rows if mark != "gone"] == lines
            assert [text for mark, text in rows if mark != "new"] == to_lines(before.get(name, ""))
            changed = "changed" in (tab.get_attribute("class") or "")
            assert changed == (after[name] != before.get(name, ""))


def test_the_picture_is_the_games_own(open_page: Open, address: str) -> None:
    page = open_page(address)
    toy = Toy("default", ToyOptions(rooms=30, max_steps=100))
    toy.reset(1)
    for action in ("walk", "walk"):
        toy.step(action)
    frame = toy.frame()
    go(page, 2)
    page.wait_for_function("document.querySelector('.lane canvas').dataset.step === '2'")
    pixels = page.evaluate(
        """() => { const canvas = document.querySelector(".lane canvas");
        return [canvas.width, canvas.height, ...canvas.getContext("2d")
          .getImageData(0, 0, canvas.width, canvas.height).data]; }"""
    )
    assert frame is not None and pixels[:2] == [frame.width, frame.height]
    rgb = [value for place, value in enumerate(pixels[2:]) if place % 4 != 3]
    assert bytes(rgb) == frame.rgb


def test_picture_and_text_take_turns(open_page: Open, address: str) -> None:
    page = open_page(address)
    assert page.locator(".lane canvas").first.is_visible()
    page.locator("#replay-h").scroll_into_view_if_needed()
    page.keyboard.press("p")
    page.locator(".lane .terminal").first.wait_for(state="visible")
    assert not page.locator(".lane canvas").first.is_visible()
    page.check("#as-picture", force=True)
    page.locator(".lane canvas").first.wait_for(state="visible")


def test_it_plays_to_the_end_and_stops(open_page: Open, address: str) -> None:
    page = open_page(address)
    last = int(page.get_attribute("#slide", "max") or 0)
    assert last == 100
    go(page, last - 12)
    page.select_option("#speed", "32")
    page.click("#play")
    page.wait_for_selector("#play[aria-pressed=true]")
    at(page, last)
    page.wait_for_selector("#play[aria-pressed=false]")
    assert [lane.get_attribute("data-step") for lane in lanes(page)] == ["100", "100"]
    assert "no action: the episode ends here" in page.locator(".action").first.inner_text()
    assert "ended: max_steps" in page.locator(".facts").first.inner_text()


def test_it_is_paused_where_it_is(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.select_option("#speed", "1")
    page.click("#play")
    at(page, 1)
    page.click("#play")
    page.wait_for_selector("#play[aria-pressed=false]")
    assert "step=1" in page.url and "seed=default+1" in page.url


def test_keys_step_and_jump(open_page: Open, address: str, versions: list[Version]) -> None:
    page = open_page(address)
    page.locator("#replay-h").scroll_into_view_if_needed()
    marks = [marks_of(reader) for reader in readers(versions)]
    events = sorted({step for each in marks for step, _ in each.events})
    writes = sorted({step for each in marks for step in each.writes})
    for key, step in (
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 11),
        ("ArrowLeft", 10),
        ("a", next(step for step in events if step > 10)),
        ("End", 100),
        ("Shift+A", events[-1]),
        ("Home", 0),
        ("m", writes[0]),
        ("m", writes[1]),
        ("Shift+M", writes[0]),
    ):
        page.keyboard.press(key)
        at(page, step)
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#keys:not([open])", state="attached")


def test_an_achievement_is_chosen_from_the_list(open_page: Open, address: str) -> None:
    page = open_page(address)
    option = page.locator("#jump option").nth(3)
    option.wait_for(state="attached")
    page.select_option("#jump", value=option.get_attribute("value"), index=None)
    at(page, int(option.get_attribute("value") or 0))
    assert (option.text_content() or "").split(": ")[1] in page.locator(".star").first.inner_text()


def test_the_strip_takes_the_reader_there(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.locator("#strip").scroll_into_view_if_needed()
    box = page.locator("#strip").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 6)
    at(page, 50)


def test_versions_and_seeds_are_chosen(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.locator("#chips input").nth(1).uncheck()
    page.wait_for_selector("#lanes[data-count='1']")
    assert page.locator(".lane h3").all_text_contents() == ["toy"]
    assert page.locator("#chips input").first.is_disabled()
    page.locator("#chips input").nth(1).check()
    page.wait_for_selector("#lanes[data-count='2']")
    page.select_option("#seed", "default 2")
    page.wait_for_selector("[aria-label='toy, default 2']")


def test_the_conversation_of_a_step_is_whole(
    open_page: Open, address: str, versions: list[Version]
) -> None:
    page = open_page(address)
    go(page, 3)
    page.get_by_role("button", name="Conversation of toy at this step").click()
    page.wait_for_selector("#talk[open]")
    view = readers(versions)[0].step(3)
    said = page.locator("#talk .said pre").all_text_contents()
    expected: list[str] = []
    for call in view.asked:
        expected += [*(message.content for message in call.messages), call.reply]
    assert said == expected
    page.click("#talk [data-close]")
    page.wait_for_selector("#talk:not([open])", state="attached")


def test_texts_are_shown_as_they_are_and_run_nothing(open_page: Open, address: str) -> None:
    page = open_page(address)
    lane = lanes(page)[1]
    lane.get_by_role("button", name="notes.txt").click()
    assert file_lines(lane) == [("", EVIL)]
    assert EVIL in page.locator("#scaffolds").inner_text()
    assert page.locator("main img").count() == 0


def test_the_address_leads_back_to_the_step(open_page: Open, address: str) -> None:
    page = open_page(f"{address}#replay?seed=default+2&step=33&versions=1")
    at(page, 33)
    assert page.locator(".lane h3").all_text_contents() == ["evil"]
    assert page.locator("#seed").input_value() == "default 2"


def test_only_what_is_looked_at_is_asked_for(open_page: Open, served: str) -> None:
    page = open_page(served)
    paths = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    chunks = [path.rsplit("/", 2)[-2:] for path in paths if "/steps/" in path]
    assert sorted(chunks) == [["steps", "0-0-1-0"], ["steps", "1-0-1-0"]]
    assert not any("/talk/" in path for path in paths)
