"""Writes the files of a data set under a temporary name, hashing what is written."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import msgspec
import zstandard

from automem.files import write_json
from automem.run.layout import RunFolder
from automem_train.dataset.folder import DataFolder
from automem_train.dataset.record import DataReport, Example
from automem_train.select.reject import Reject
from automem_train.select.selection import Chooser

if TYPE_CHECKING:
    from hashlib import _Hash  # pyright: ignore[reportPrivateUsage]

FORMAT = b"automem data 1"
"""To be raised with any change of rules, checks or files: the same turns are then another set."""
_NEW = ".new"


@dataclass(slots=True)
class DataWriter:
    """A data set that is being made; `finish` gives it its name."""

    run: RunFolder
    folder: DataFolder
    _examples: BinaryIO
    _rejected: BinaryIO
    _of_examples: _Hash = field(default_factory=lambda: hashlib.sha256(FORMAT))
    _of_rejected: _Hash = field(default_factory=hashlib.sha256)
    _encoder: msgspec.json.Encoder = field(default_factory=msgspec.json.Encoder)

    def example(self, example: Example) -> None:
        """Write an example."""
        line = self._encoder.encode(example) + b"\n"
        self._of_examples.update(line)
        self._examples.write(line)

    def reject(self, reject: Reject) -> None:
        """Write a refused turn."""
        line = self._encoder.encode(reject) + b"\n"
        self._of_rejected.update(line)
        self._rejected.write(line)

    def close(self) -> None:
        """Have everything that was written on disk."""
        self._rejected.close()
        self._examples.close()

    def hash(self, chooser: Chooser) -> str:
        """16 hexadecimal digits of the examples, the refused turns and the selection."""
        digest = hashlib.sha256()
        for part in (self._of_examples, self._of_rejected, hashlib.sha256(chooser.canonical)):
            digest.update(part.digest())
        return digest.hexdigest()[:16]

    def finish(self, chooser: Chooser, report: DataReport) -> DataFolder:
        """Write the report and give the folder its name; one that is there already stays."""
        write_json(self.folder.selection, chooser)
        write_json(self.folder.report, report)
        done = DataFolder(self.run.data / report.hash)
        if done.report.is_file():
            return done
        if done.path.exists():
            shutil.rmtree(done.path)
        self.folder.path.rename(done.path)
        return done


@contextmanager
def new_data(run: RunFolder) -> Generator[DataWriter]:
    """Begin a data set; what is not finished is removed, at the latest by the next one."""
    folder = DataFolder(run.data / _NEW)
    if folder.path.exists():
        shutil.rmtree(folder.path)
    folder.path.mkdir(parents=True)
    try:
        with folder.examples.open("wb") as examples, folder.rejected.open("wb") as raw:
            compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
            with compressor.stream_writer(raw) as rejected:
                yield DataWriter(run, folder, examples, rejected)  # pyright: ignore[reportArgumentType]
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder.path)
