"""From a run and a selection to a data set: made, proven, and named by what it holds."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from automem.errors import DataError
from automem.processes.jail import JailLevel
from automem.run.layout import RunFolder
from automem_train.dataset.folder import DataFolder
from automem_train.dataset.making import fill
from automem_train.dataset.proving import prove
from automem_train.dataset.writing import new_data
from automem_train.select.selection import Chooser


async def build_data(
    run: RunFolder,
    chooser: Chooser,
    watch: Callable[[int, int], None] | None = None,
    *,
    within: Collection[str] = (),
    level: JailLevel | None = None,
) -> DataFolder:
    """Make the data set of a selection; one that was made already is found again.

    `watch` is told how many episodes the table of turns has, and of how many. `within` are keys of
    the evaluations that may be learned from, whatever the selection names; empty allows all.
    Raises DataError, TraceError, ScaffoldError, JailError.
    """
    with new_data(run) as writer:
        filled = await fill(run, chooser, writer, watch, within=within, level=level)
        writer.close()
        if filled.shortfall:
            raise DataError(filled.shortfall)
        report = msgspec.structs.replace(
            filled.report, hash=writer.hash(chooser), proven=prove(run, writer.folder.path)
        )
        return writer.finish(chooser, report)
