"""Compressing the finished traces of a run."""

from __future__ import annotations

from automem.episode.compaction import compact
from automem.records._struct import Record
from automem.run.layout import RunFolder


class Compacted(Record):
    """What compacting a run came to."""

    compacted: int
    """Traces compressed now."""
    unfinished: int
    """Traces left as they are, because their episode goes on."""
    bytes_before: int
    bytes_after: int


def compact_run(run: RunFolder) -> Compacted:
    """Compress every finished trace of a run. Raises TraceError for a damaged one."""
    compacted = unfinished = before = after = 0
    for evaluation in run.evaluations():
        for episode in evaluation.episodes():
            if not episode.trace.exists():
                continue
            if not episode.result.exists():
                unfinished += 1
                continue
            before += episode.trace.stat().st_size
            after += compact(episode).stat().st_size
            compacted += 1
    return Compacted(
        compacted=compacted, unfinished=unfinished, bytes_before=before, bytes_after=after
    )
