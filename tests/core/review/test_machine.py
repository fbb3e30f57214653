"""A machine that fails in a review: nothing is half written, and no meta-LLM is told to mend it."""

import resource
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automem.errors import RunError
from automem.records.review import Noted
from automem.review.transcript import open_transcript
from automem.testing.reviews import Reviews, text_of, turn, use

pytestmark = pytest.mark.anyio


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """As on a full disk: no file can be written beyond this size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def note(text: str) -> Noted:
    return Noted(at="2026-01-01T00:00:00+00:00", text=text)


def test_a_line_that_could_not_be_written_leaves_no_half_of_itself(tmp_path: Path) -> None:
    transcript = open_transcript(tmp_path / "transcript.jsonl")
    transcript.append(note("first"))
    size = transcript.path.stat().st_size
    with files_of_at_most(size + 20), pytest.raises(RunError, match=r"cannot write .*make room"):
        transcript.append(note("second"))
    assert transcript.path.stat().st_size == size
    transcript.append(note("third"))
    assert open_transcript(transcript.path).events == [note("first"), note("third")]


async def test_a_tool_that_the_machine_keeps_from_working_interrupts_the_review(
    reviews: Reviews,
) -> None:
    with pytest.raises(RunError, match=r"the tool write cannot work here.*File too large"):
        async with reviews.open() as desk:
            desk.said(turn())
            with files_of_at_most(100):
                await use(desk, "write", path="analysis.md", text="x" * 1000)
    async with reviews.open() as desk:
        assert desk.outcome is None and desk.spent.tool_calls == 0
        assert "wrote analysis.md" in await text_of(desk, "write", path="analysis.md", text="x")
