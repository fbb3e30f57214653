"""The page escapes what games and models said, runs no other script, and holds what was played."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.episode.reader import open_trace
from automem.errors import RunError
from automem.plugins import Plugins
from automem.report.building import Built, build_report
from automem.report.packing import unpack
from automem.report.page import figure, lead, render_list, script, style
from automem.report.replay import ReplayData, episode_id, script_json
from automem.report.source import Version, versions_of
from automem.report.steps import StepChunk
from automem.run.layout import RunFolder

from .conftest import EVIL

pytestmark = pytest.mark.anyio


class Reader(HTMLParser):
    """What a browser would find: elements with their attributes, scripts with their texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.words = ""
        self._in: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag if tag in ("script", "style") else None
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = None

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self._in == "style":
            self.styles[-1] += data
        else:
            self.words += data


@pytest.fixture(scope="module")
def built(plugins: Plugins, played: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Built:
    path = tmp_path_factory.mktemp("page") / "report.html"
    return anyio.run(build_report, [played], plugins, path)


@pytest.fixture(scope="module")
def page(built: Built) -> Reader:
    return Reader(Path(built.path).read_text(encoding="utf-8"))


def test_the_file_holds_every_episode_and_every_picture(built: Built) -> None:
    assert (built.versions, built.episodes, built.notes) == (2, 4, ())
    assert built.pictures == 4 * 17
    assert built.bytes == Path(built.path).stat().st_size


def test_texts_of_scaffolds_and_games_run_nothing(page: Reader) -> None:
    running = [text for attributes, text in page.scripts if "type" not in attributes]
    assert running == [script()]
    assert "alert(1)" not in running[0]
    assert EVIL in page.words, "the summary of the scaffold is shown as it is"
    assert [tag for tag, _ in page.elements].count("b") == 1, "only the wordmark is bold"


def test_the_page_fetches_nothing_and_its_policy_allows_nothing_else(page: Reader) -> None:
    policy = next(
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None and policy.startswith("default-src 'none'; ")
    for kind, text in (("script", script()), ("style", style())):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert page.styles == [style()]
    assert "unsafe" not in policy and "connect-src" not in policy
    for tag, attributes in page.elements:
        assert "src" not in attributes and "style" not in attributes
        assert not any(name.startswith("on") for name in attributes), tag
        assert (attributes.get("href") or "#").startswith(("#", "data:image/svg+xml,")), tag


def test_every_chunk_can_be_read_back_from_the_page(page: Reader, versions: list[Version]) -> None:
    texts = {attributes["id"]: text for attributes, text in page.scripts if "id" in attributes}
    data = msgspec.json.decode(texts["replay-data"], type=ReplayData)
    assert [version.label for version in data.versions] == ["toy", "toy-child"]
    assert data.game == "toy" and data.root == ""
    for episode in data.episodes:
        version = versions[episode.version]
        task, seed = episode.name.split(" ")
        assert episode.id == episode_id(version, task, int(seed))
        raw = gzip.decompress(base64.b64decode(texts[f"steps-{episode.id}-0"]))
        chunk = msgspec.json.decode(raw, type=StepChunk)
        views = list(open_trace(version.episode(task, int(seed))).steps())
        assert episode.steps == len(views) == len(chunk.steps)
        assert [unpack(chunk.lines, step.text) for step in chunk.steps] == [
            view.observed.text for view in views if view.observed
        ]
        assert {f"talk-{episode.id}-0", f"tiles-{episode.id}", f"mosaics-{episode.id}"} <= set(
            texts
        )
        assert episode.drawn and episode.reason == "won" and len(episode.events) == 4


def test_every_section_has_its_heading_and_its_link(page: Reader) -> None:
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = [a["href"] for tag, a in page.elements if tag == "a" and (a["href"] or "")[1:]]
    assert {"#results", "#replay", "#achievements", "#behavior", "#cost", "#scaffolds"} <= set(
        links
    )
    assert all((link or "")[1:] in ids for link in links)
    labels = [a["aria-labelledby"] for tag, a in page.elements if tag == "section"]
    assert all(label in ids for label in labels)


def test_the_tables_say_what_the_evaluations_say(page: Reader) -> None:
    words = re.sub(r"\s+", " ", page.words)
    assert "2 versions of an agent with memory files, 4 episodes of toy, 64 steps." in words
    assert "100.00 ± 0.00" in words and "toy-child minus toy" in words
    assert "writes per search" in words.lower()
    assert "\u2193 lower" in words


def test_agents_without_a_scaffold_are_not_said_to_have_memory_files(
    versions: list[Version],
) -> None:
    plan = msgspec.structs.replace(versions[0].plan, scaffold="")
    baseline = replace(versions[0], plan=plan)
    assert lead([baseline]).startswith("1 version of an agent, ")
    assert lead([baseline, versions[1]]).startswith("2 versions of an agent with memory files, ")


async def test_a_report_without_pictures_draws_nothing(
    plugins: Plugins, played: RunFolder, tmp_path: Path
) -> None:
    built = await build_report([played], plugins, tmp_path / "r.html", frames="none", seeds=[1])
    assert (built.episodes, built.pictures) == (2, 0)
    page = Reader((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert not any((a.get("id") or "").startswith("tiles") for a, _ in page.scripts)


async def test_an_episode_whose_trace_is_lost_or_damaged_costs_only_its_replay(
    plugins: Plugins, run: RunFolder, tmp_path: Path
) -> None:
    first = versions_of([run])[0]
    for seed, left in ((1, None), (2, b"<b>no trace\n")):
        episode = first.episode("default", seed)
        episode.compacted.unlink(missing_ok=True)
        episode.trace.unlink(missing_ok=True)
        if left is not None:
            episode.trace.write_bytes(left)
    built = await build_report([run], plugins, tmp_path / "r.html", frames="none")
    assert built.episodes == 2 and len(built.notes) == 2
    assert built.notes[0].startswith("no replay of toy default/1: there is no trace in ")
    words = Reader((tmp_path / "r.html").read_text(encoding="utf-8")).words
    assert all(note in words for note in built.notes) and "100.00 ± 0.00" in words


async def test_what_cannot_be_measured_or_decoded_is_left_out(
    plugins: Plugins, run: RunFolder, tmp_path: Path
) -> None:
    first = versions_of([run])[0]
    assert first.evaluation is not None
    unmeasured = msgspec.structs.replace(
        first.evaluation,
        behaviour=None,
        episodes=tuple(
            msgspec.structs.replace(each, behaviour=None) for each in first.evaluation.episodes
        ),
    )
    first.folder.evaluation.write_bytes(msgspec.json.encode(unmeasured))
    episode = first.episode("default", 1)
    episode.compacted.unlink(missing_ok=True)
    episode.trace.unlink(missing_ok=True)
    run.config.write_bytes(b"name = \xff")
    built = await build_report([run], plugins, tmp_path / "r.html", frames="none")
    assert built.episodes == 3 and "no replay of toy default/1" in built.notes[0]
    assert "name = \ufffd" in Reader((tmp_path / "r.html").read_text(encoding="utf-8")).words
    assert [
        v.evaluation.behaviour is None for v in versions_of([run], measured=True) if v.evaluation
    ] == [True, False]


async def test_seeds_that_were_not_planned_are_refused(
    plugins: Plugins, played: RunFolder, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="seed 9 is in none of the evaluations; there are: 1, 2"):
        await build_report([played], plugins, tmp_path / "r.html", frames="none", seeds=[1, 9])
    assert not (tmp_path / "r.html").exists()


def test_the_same_run_gives_the_same_page(
    plugins: Plugins, played: RunFolder, built: Built, tmp_path: Path
) -> None:
    again = anyio.run(build_report, [played], plugins, tmp_path / "again.html")
    assert Path(again.path).read_bytes() == Path(built.path).read_bytes()


async def test_a_run_that_is_not_finished_is_reported_as_far_as_it_is(
    plugins: Plugins, run: RunFolder, tmp_path: Path
) -> None:
    folder = run.evaluations()[0]
    folder.evaluation.unlink()
    folder.episode("default", 2).result.unlink()
    await build_report([run], plugins, tmp_path / "r.html", frames="none")
    words = Reader((tmp_path / "r.html").read_text(encoding="utf-8")).words
    assert "1 episode missing, so there is no mean" in words
    assert "so far" in words and "is not complete" in words


def test_json_in_a_script_ends_no_script() -> None:
    data = ReplayData(game="</script>&<!--\u2028", versions=(), episodes=())
    text = script_json(data)
    assert not set("<>&\u2028") & set(text)
    assert msgspec.json.decode(text.encode(), type=ReplayData) == data


def test_a_list_of_runs_escapes_their_names() -> None:
    page = Reader(render_list("runs", [("<i>a", "/run/%3Ci%3Ea", "<u>")]))
    assert "<i>a" in page.words and "<u>" in page.words
    assert not {"i", "u"} & {tag for tag, _ in page.elements}
    assert "No runs here yet" in html.unescape(render_list("runs", []))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.1234, "share", "12.3 %"), (3.14159, "ratio", "3.14"), (12345.6, "tokens", "12,346")],
)
def test_measures_are_written_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text
