"""The served pages: addresses, what is at them, and who is answered."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import quote

import anyio
import msgspec
import pytest
from anyio.abc import SocketStream

from automem.episode.compaction import compact
from automem.episode.reader import open_trace
from automem.errors import RunError, TraceError
from automem.plugins import Plugins
from automem.report.drawing import Drawing
from automem.report.http import Answer, listening, parse_head
from automem.report.marks import Marks, marks_of
from automem.report.serving import Site
from automem.report.source import versions_of
from automem.report.steps import StepChunk, TalkChunk, chunk_at
from automem.run.layout import RunFolder

pytestmark = pytest.mark.anyio


def site_of(run: RunFolder) -> Site:
    return Site(title="runs", runs={run.name: run, "a b": run}, drawing=None)


async def body(site: Site, path: str) -> bytes:
    answer = await site.answer(path)
    assert answer is not None and answer.status == 200
    return gzip.decompress(answer.body) if answer.encoding == "gzip" else answer.body


async def test_the_first_page_lists_the_runs(run: RunFolder) -> None:
    text = (await body(site_of(run), "/")).decode()
    assert 'href="/run/toys"' in text and 'href="/run/a%20b"' in text
    assert "toy, toy-child: 4 of 4 episodes" in text


async def test_a_run_that_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    text = (await body(site_of(RunFolder(tmp_path / "nothing")), "/")).decode()
    assert "nothing was played in" in text


async def test_a_page_is_the_report_without_its_data(run: RunFolder) -> None:
    text = (await body(site_of(run), "/run/toys")).decode()
    assert '<script src="/assets/page.js"></script>' in text
    assert 'id="steps-' not in text and '"root":"/run/toys"' in text
    assert "script-src &#39;self&#39;" in text and "sha256" not in text


async def test_chunks_conversations_and_marks_are_answered(run: RunFolder) -> None:
    site = site_of(run)
    for version in versions_of([run]):
        name = f"{version.number}-0-1"
        reader = open_trace(version.episode("default", 1))
        marks = msgspec.json.decode(await body(site, f"/run/toys/marks/{name}"), type=Marks)
        assert marks == marks_of(reader)
        chunk = chunk_at(reader, 0)
        steps = await body(site, f"/run/toys/steps/{name}-0")
        talk = await body(site, f"/run/toys/talk/{name}-0")
        assert msgspec.json.decode(steps, type=StepChunk) == chunk.steps
        assert msgspec.json.decode(talk, type=TalkChunk) == chunk.talk


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/run/other",
        "/run/toys/steps",
        "/run/toys/steps/9-0-1-0",
        "/run/toys/steps/0-9-1-0",
        "/run/toys/steps/0-0-9-0",
        "/run/toys/steps/0-0-0",
        "/run/toys/steps/../../secret",
        "/run/toys/other/0-0-1-0",
        "/run/toys/steps/0-0-1-0/more",
        "/run/toys/steps/0-0-1-" + "9" * 5000,
        "/assets/../serving.py",
    ],
)
async def test_there_is_nothing_at_other_addresses(run: RunFolder, path: str) -> None:
    assert await site_of(run).answer(path) is None


async def test_a_chunk_beyond_the_end_is_an_error(run: RunFolder) -> None:
    with pytest.raises(TraceError, match="no step"):
        await site_of(run).answer("/run/toys/steps/0-0-1-7")


async def test_an_episode_that_has_only_begun_keeps_no_page_from_being_shown(
    run: RunFolder,
) -> None:
    episode = versions_of([run])[0].episode("default", 1)
    episode.result.unlink()
    episode.compacted.unlink(missing_ok=True)
    episode.trace.write_bytes(b"")
    text = (await body(site_of(run), "/run/toys")).decode()
    assert "no replay of toy default/1: " in text and "holds no episode yet" in text
    assert '"id":"0-0-2"' in text and '"id":"0-0-1"' not in text


async def test_a_trace_that_changed_is_read_anew(run: RunFolder) -> None:
    site = site_of(run)
    before = await body(site, "/run/toys/steps/0-0-1-0")
    for evaluation in run.evaluations():
        for episode in evaluation.episodes():
            if episode.trace.exists():
                compact(episode)
    assert await body(site, "/run/toys/steps/0-0-1-0") == before


async def test_pictures_are_drawn_when_wanted(run: RunFolder, plugins: Plugins) -> None:
    answer = await site_of(run).answer("/run/toys/picture/0-0-1-3")
    assert answer is not None and answer.status == 204
    async with anyio.create_task_group() as group:
        site = Site(title="runs", runs={run.name: run}, drawing=Drawing(plugins, group))
        data = await body(site, "/run/toys/picture/0-0-1-3")
        group.cancel_scope.cancel()
    assert data.startswith(b"\x89PNG")


async def ask(port: int, request: str) -> bytes:
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(request.replace("\n", "\r\n").encode())
        return await everything(stream)


async def everything(stream: SocketStream) -> bytes:
    data = b""
    try:
        while True:
            data += await stream.receive()
    except anyio.EndOfStream:
        return data


async def echo(path: str) -> Answer | None:
    if path == "/broken":
        raise TraceError("the trace is damaged")
    if path == "/gone":
        raise FileNotFoundError("the trace is gone")
    return None if path == "/none" else Answer(body=path.encode())


async def test_who_asks_by_the_right_name_is_answered() -> None:
    async with listening(0, echo) as port:
        answer = await ask(port, f"GET /a%20b?c HTTP/1.1\nHost: localhost:{port}\n\n")
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\n/a b")
        assert b"Content-Length: 4\r\n" in answer and b"nosniff" in answer
        head = await ask(port, f"HEAD /x HTTP/1.1\nhost: 127.0.0.1:{port}\n\n")
        assert b"Content-Length: 2" in head and head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET / HTTP/1.1\nHost: evil.example\n\n", 421),
        ("GET / HTTP/1.1\n\n", 421),
        ("POST / HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", 405),
        ("GET /none HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", 404),
        ("GET /broken HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", 500),
        ("GET /gone HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", 500),
        ("nonsense\n\n", 400),
        ("GET //[ HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", 400),
        ("x" * 20_000, 400),
    ],
)
async def test_everything_else_is_refused(request_: str, status: int) -> None:
    async with listening(0, echo) as port:
        answer = await ask(port, request_.replace("PORT", str(port)))
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())


async def test_who_leaves_early_disturbs_nobody() -> None:
    async with listening(0, echo) as port:
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(b"GET / HT")
        answer = await ask(port, f"GET /still HTTP/1.1\nHost: 127.0.0.1:{port}\n\n")
        assert answer.endswith(b"/still")


async def test_a_port_that_is_taken_is_named() -> None:
    async with listening(0, echo) as port:
        with pytest.raises(RunError, match=f"port {port}.*--port"):
            async with listening(port, echo):
                pass


def test_a_head_without_three_words_is_no_request() -> None:
    assert parse_head(b"GET /\r\n\r\n") == ("", "", "")
    assert parse_head(f"GET /{quote('ä')} HTTP/1.1\r\nHOST: x\r\n\r\n".encode()) == (
        "GET",
        "/ä",
        "x",
    )
