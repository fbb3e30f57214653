"""`automem report` and `automem view` as they are typed."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import anyio
import pytest

from automem.plugins import load_plugins
from automem.report.http import HOST
from automem.report.serving import Site, serve
from automem.run.layout import RunFolder

from .conftest import Automem


def test_a_report_is_written_into_the_run(call: Automem, toys: Path) -> None:
    done = call("report", "toys", "--frames", "key")
    assert done.code == 0, done.err
    page = toys / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "1 version, 2 episodes to replay, " in done.err
    assert f"wrote {page.relative_to(Path.cwd())}" in done.err
    assert "next: automem view toys" in done.err


def test_a_report_says_as_json_what_it_holds(call: Automem, toys: Path) -> None:
    out = toys.parent / "two.html"
    done = call("report", str(toys), "-o", str(out), "--frames", "none", "--seeds", "1", "--json")
    told = json.loads(done.out)
    assert (told["episodes"], told["pictures"], told["path"]) == (1, 0, str(out))
    assert told["bytes"] == out.stat().st_size


def test_a_run_that_is_not_there_is_named(call: Automem, toys: Path) -> None:
    assert toys.exists()
    for command in ("report", "view"):
        done = call(command, "toyz")
        assert done.code == 1 and "did you mean 'toys'?" in done.err


def test_notes_say_what_is_missing(call: Automem, toys: Path) -> None:
    plan = next(toys.glob("evaluations/*/plan.json"))
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"environment": "toy"', '"environment": "chess"'), "utf-8")
    done = call("report", "toys")
    assert done.code == 0
    assert "note: no pictures of toy: no environment named 'chess'" in done.err


def test_a_taken_port_is_told(call: Automem, toys: Path) -> None:
    assert toys.exists()
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        done = call("view", "toys", "--port", port, "--no-open", "--no-pictures")
    assert done.code == 1 and f"cannot listen on port {port}" in done.err


@pytest.mark.anyio
@pytest.mark.parametrize(("pictures", "first"), [(True, "toys"), (False, "")])
async def test_pages_are_served_until_it_is_enough(toys: Path, pictures: bool, first: str) -> None:
    site = Site(title="runs", runs={"toys": RunFolder(toys)})
    told: list[str] = []
    answered = anyio.Event()

    async def ask() -> None:
        while not told:
            await anyio.lowlevel.checkpoint()
        port = int(told[0].split(":")[2].split("/")[0])
        async with await anyio.connect_tcp(HOST, port) as stream:
            await stream.send(f"GET / HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
            assert (await stream.receive()).startswith(b"HTTP/1.1 200 OK")
        answered.set()

    async with anyio.create_task_group() as group:
        plugins = load_plugins() if pictures else None
        group.start_soon(serve, site, 0, plugins, first, told.append)
        group.start_soon(ask)
        await answered.wait()
        group.cancel_scope.cancel()
    assert told[0].endswith(f"/run/{first}" if first else "/")
    assert (site.drawing is not None) == pictures
