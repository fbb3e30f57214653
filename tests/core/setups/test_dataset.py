"""A data set is fetched, kept in part, checked, and refused when it is not what it should be."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from automem.errors import SetupError
from automem.records.setup import DataSet

from .conftest import Bench

FILES = {"LICENSE": "free", "levels/1.txt": "one", "levels/2.txt": "two", "big/3.txt": "three"}


def zipped(files: dict[str, str], top: str = "set-main/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{top}levels/", "")
        for name, text in files.items():
            archive.writestr(top + name, text)
    return buffer.getvalue()


def tarred(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo("set-main/levels/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        for name, text in files.items():
            entry = tarfile.TarInfo(f"set-main/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@dataclass(slots=True)
class Archive:
    """A server of archives on this machine."""

    address: str
    offered: dict[str, bytes] = field(default_factory=dict[str, bytes])
    promised: int | None = None
    """A length to promise, where it is not the true one."""


@pytest.fixture
def archive() -> Generator[Archive]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = held.offered.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(held.promised or len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held = Archive(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield held
        server.shutdown()
        thread.join()


@pytest.fixture
def levels(archive: Archive) -> DataSet:
    archive.offered["/set.zip"] = zipped(FILES)
    return DataSet(
        address=f"{archive.address}/set.zip",
        keep=("levels/*.txt",),
        license="LICENSE",
        instead='name it with folder = "..."',
    )


def held(bench: Bench) -> set[str]:
    folder = bench.root / "data" / "levels"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


KEPT = {"LICENSE", "levels/1.txt", "levels/2.txt", "setup.json"}


def test_an_archive_is_fetched_and_what_is_wanted_kept(bench: Bench, levels: DataSet) -> None:
    setup = bench.setup(levels, "levels")
    assert bench.make(setup)
    assert setup.status().state == "made"
    assert held(bench) == KEPT
    assert (setup.place.folder / "levels" / "2.txt").read_text(encoding="utf-8") == "two"
    assert not bench.make(setup)
    assert {path.name for path in setup.place.folder.parent.iterdir()} == {"levels", ".levels.lock"}


def test_a_tar_is_unpacked_without_its_links(
    bench: Bench, levels: DataSet, archive: Archive
) -> None:
    archive.offered["/set.zip"] = tarred(FILES)
    bench.make(bench.setup(levels, "levels"))
    assert held(bench) == KEPT


def test_a_file_or_a_folder_takes_the_place_of_the_address(bench: Bench, levels: DataSet) -> None:
    unreachable = msgspec.structs.replace(levels, address="https://127.0.0.1:1/no.zip")
    path = bench.folder / "set.zip"
    path.write_bytes(zipped(FILES))
    setup = bench.setup(unreachable, "levels")
    assert bench.make(setup, str(path))
    assert held(bench) == KEPT
    made = setup.place.made()
    assert made is not None
    assert made.source == str(path)
    with zipfile.ZipFile(path) as zipped_files:
        zipped_files.extractall(bench.folder)
    other = bench.setup(msgspec.structs.replace(unreachable, keep=("big/*",)), "levels")
    assert bench.make(other, str(bench.folder / "set-main"))
    assert held(bench) == {"LICENSE", "big/3.txt", "setup.json"}


def test_without_a_network_every_other_way_is_named(bench: Bench, levels: DataSet) -> None:
    away = msgspec.structs.replace(levels, address="http://127.0.0.1:1/set.zip")
    with pytest.raises(SetupError, match=r'cannot fetch .*--from; or name it with folder = "..."'):
        bench.make(bench.setup(away, "levels"))
    plain = msgspec.structs.replace(away, instead="")
    with pytest.raises(SetupError, match=r"with --from$"):
        bench.make(bench.setup(plain, "levels"))


def test_an_address_without_an_archive_is_an_error(bench: Bench, levels: DataSet) -> None:
    with pytest.raises(SetupError, match="404"):
        bench.make(bench.setup(levels, "levels"), levels.address + "x")
    with pytest.raises(SetupError, match="ftp://x is neither a file"):
        bench.make(bench.setup(levels, "levels"), "ftp://x")


def test_an_archive_that_is_cut_off_is_not_used(
    bench: Bench, levels: DataSet, archive: Archive
) -> None:
    archive.promised = 1_000_000
    setup = bench.setup(levels, "levels")
    with pytest.raises(SetupError, match=r"ended after|cannot fetch"):
        bench.make(setup)
    assert setup.status().state == "not made"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped({"levels/1.txt": "one"}), "holds no LICENSE"),
        (zipped({"LICENSE": "free"}), r"holds none of the files levels/\*\.txt"),
        (zipped({"LICENSE": "free", "levels/../../1.txt": "x"}), "lie outside of its folder"),
        (b"no archive at all", "cannot be unpacked"),
        (b"PK\x05\x06" + b"\0" * 18, "holds no LICENSE"),
    ],
)
def test_an_archive_of_something_else_is_refused(
    bench: Bench, levels: DataSet, archive: Archive, content: bytes, said: str
) -> None:
    archive.offered["/set.zip"] = content
    setup = bench.setup(levels, "levels")
    with pytest.raises(SetupError, match=said):
        bench.make(setup)
    assert not setup.place.folder.exists()


def test_a_hash_is_compared_where_there_is_one(
    bench: Bench, levels: DataSet, archive: Archive
) -> None:
    right = hashlib.sha256(archive.offered["/set.zip"]).hexdigest()
    with pytest.raises(SetupError, match=f"has the hash {right}, not 00"):
        bench.make(bench.setup(msgspec.structs.replace(levels, sha256="00"), "levels"))
    assert bench.make(bench.setup(msgspec.structs.replace(levels, sha256=right), "levels"))


def test_a_large_archive_says_how_far_it_is(
    bench: Bench, levels: DataSet, archive: Archive
) -> None:
    archive.offered["/set.zip"] = zipped({**FILES, "big/4.bin": "x" * (17 << 20)})
    bench.make(bench.setup(levels, "levels"))
    assert "  16 MiB" in bench.told


def test_what_a_check_refuses_is_not_kept(
    bench: Bench, levels: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(bench.folder)  # pyright: ignore[reportUnknownMemberType]
    (bench.folder / "automem_levels_check.py").write_text(
        "def check(folder):\n"
        "    if (folder / 'levels/1.txt').read_text() != 'uno':\n"
        "        raise ValueError('levels/1.txt is not Spanish')\n",
        encoding="utf-8",
    )
    checked = msgspec.structs.replace(levels, check="automem_levels_check:check")
    setup = bench.setup(checked, "levels")
    with pytest.raises(SetupError, match=r"set\.zip is not what it should be: .* not Spanish"):
        bench.make(setup)
    assert setup.status().state == "not made"
