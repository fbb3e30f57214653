"""Fetches a data set: one archive, of which the files that are wanted are kept."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO, Final

from automem.errors import SetupError
from automem.records.setup import DataSet
from automem.setups.place import Tell

_SILENT_SECONDS = 60.0
_CHUNK: Final = 1 << 20
_TOLD_BYTES: Final = 16 << 20


def make_data_set(
    folder: Path, data: DataSet, source: str, check: Callable[[Path], None] | None, tell: Tell
) -> None:
    """Fill `folder` with the files that `data` keeps. Raises SetupError.

    `source` takes the place of its address: an archive, an address, or a folder with the files.
    """
    given = source or data.address
    if (local := Path(given)).is_dir():
        tell(f"copying from {local}")
        kept = _keep(folder, data, _files_of(local))
    elif local.is_file():
        kept = _unpack(folder, data, local, tell)
    else:
        archive = folder.with_name(f"{folder.name}.archive")
        try:
            _fetch(given, archive, data, tell)
            kept = _unpack(folder, data, archive, tell)
        finally:
            archive.unlink(missing_ok=True)
    if not (folder / data.license).is_file():
        raise SetupError(f"{given} holds no {data.license}, so it may not be what it should be")
    if kept == 1:
        raise SetupError(f"{given} holds none of the files {', '.join(data.keep)}")
    if check is not None:
        try:
            check(folder)
        except (ValueError, OSError) as error:
            raise SetupError(f"{given} is not what it should be: {error}") from error


def _fetch(address: str, archive: Path, data: DataSet, tell: Tell) -> None:
    if not address.startswith(("https://", "http://")):
        raise SetupError(f"{address} is neither a file, nor a folder, nor a web address")
    tell(f"fetching {address}")
    digest = hashlib.sha256()
    received = 0
    try:
        with (
            urllib.request.urlopen(address, timeout=_SILENT_SECONDS) as answer,  # noqa: S310
            archive.open("wb") as file,
        ):
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                if received // _TOLD_BYTES != (received + len(chunk)) // _TOLD_BYTES:
                    tell(f"  {(received + len(chunk)) >> 20} MiB")
                received += len(chunk)
            expected = answer.headers.get("Content-Length")
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise SetupError(f"cannot fetch {address}: {error}{_otherwise(data)}") from error
    if expected is not None and int(expected) != received:
        raise SetupError(f"{address} ended after {received} of {expected} bytes; try again")
    if data.sha256 not in (None, digest.hexdigest()):
        raise SetupError(f"{address} has the hash {digest.hexdigest()}, not {data.sha256}")


def _otherwise(data: DataSet) -> str:
    """What is left to somebody without a network."""
    said = "; fetch it elsewhere and name the file, or a folder with its files, with --from"
    return f"{said}; or {data.instead}" if data.instead else said


_File = tuple[PurePosixPath, Callable[[], IO[bytes]]]


def _unpack(folder: Path, data: DataSet, archive: Path, tell: Tell) -> int:
    tell("unpacking")
    try:
        with _opened(archive) as files:
            return _keep(folder, data, files)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise SetupError(f"{archive} cannot be unpacked: {error}") from error


@contextmanager
def _opened(archive: Path) -> Generator[Iterator[_File]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield _zipped(zipped)
    else:
        with tarfile.open(archive) as tarred:
            yield _tarred(tarred)


def _zipped(archive: zipfile.ZipFile) -> Iterator[_File]:
    for entry in archive.infolist():
        if not entry.is_dir():
            yield _below_top(entry.filename), lambda entry=entry: archive.open(entry)


def _tarred(archive: tarfile.TarFile) -> Iterator[_File]:
    for entry in archive:
        file = archive.extractfile(entry) if entry.isreg() else None
        if file is not None:
            yield _below_top(entry.name), lambda file=file: file


def _below_top(name: str) -> PurePosixPath:
    """The path without the one folder around everything."""
    return PurePosixPath(*PurePosixPath(name).parts[1:])


def _files_of(folder: Path) -> Iterator[_File]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield (
                PurePosixPath(path.relative_to(folder).as_posix()),
                lambda path=path: path.open("rb"),
            )


def _keep(folder: Path, data: DataSet, files: Iterator[_File]) -> int:
    kept = 0
    for path, opened in files:
        if not any(fnmatchcase(str(path), pattern) for pattern in (data.license, *data.keep)):
            continue
        if path.is_absolute() or ".." in path.parts:
            raise SetupError(f"the archive holds {path}, which would lie outside of its folder")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
        kept += 1
    return kept
