"""Where data sets are, how one is found, and what is read of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from automem.errors import DataError
from automem.run.layout import RunFolder
from automem_train.dataset.proving import EXAMPLES, read_examples
from automem_train.dataset.record import DataReport, Example
from automem_train.select.reject import Reject
from automem_train.turns.table import compressed_lines

NO_DATA = "there is none yet; `automem data select` makes one"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """`data/<hash>/`."""

    path: Path

    @property
    def examples(self) -> Path:
        """One conversation a line."""
        return self.path / EXAMPLES

    @property
    def rejected(self) -> Path:
        """One refused turn a line, compressed."""
        return self.path / "rejected.jsonl.zst"

    @property
    def report(self) -> Path:
        """Written last: exists means that the data set is whole."""
        return self.path / "report.json"

    @property
    def selection(self) -> Path:
        """What was asked for, as it was read."""
        return self.path / "selection.json"

    def read_report(self) -> DataReport:
        """The report. Raises DataError."""
        try:
            return msgspec.json.decode(self.report.read_bytes(), type=DataReport)
        except (OSError, msgspec.MsgspecError) as error:
            raise DataError(f"{self.report} cannot be read: {error}") from error

    def others(self, within: Collection[str]) -> list[str]:
        """Keys of the evaluations it was chosen from that are not among these. Raises DataError."""
        return sorted(set(self.read_report().evaluations) - set(within))

    def read_examples(self) -> Iterator[Example]:
        """The examples, in order. Raises DataError."""
        return read_examples(self.path)

    def read_rejected(self) -> Iterator[Reject]:
        """The refused turns. Raises DataError."""
        decoder = msgspec.json.Decoder(Reject)
        for line in compressed_lines(self.rejected):
            try:
                yield decoder.decode(line)
            except msgspec.MsgspecError as error:
                raise DataError(f"{self.rejected} is damaged: {error}") from error


def data_folders(run: RunFolder) -> list[DataFolder]:
    """Every whole data set of a run, by hash."""
    return [
        DataFolder(path)
        for path in sorted(run.data.glob("*"))
        if len(path.name) == 16 and (path / "report.json").is_file()
    ]


def locate_data(run: RunFolder, text: str = "") -> DataFolder:
    """A data set by the beginning of its hash; the only one without a text. Raises DataError."""
    there = data_folders(run)
    found = [folder for folder in there if folder.path.name.startswith(text)]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {folder.path.name}" for folder in there)
    if not found:
        wanted = f" {text!r}" if text else ""
        others = f"there are:{listed}" if there else NO_DATA
        raise DataError(f"no data set{wanted} in {run.data}; {others}")
    raise DataError(f"{len(found)} data sets in {run.data}; name one by its hash:{listed}")
