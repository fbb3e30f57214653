"""What is shown of evaluations and reviews, one after the other."""

import io
import json

import pytest

from automem.evaluate.progress import Progress
from automem.loops.watching import Watching


@pytest.mark.anyio
async def test_on_a_terminal_the_title_of_an_evaluation_stays() -> None:
    stream = io.StringIO()
    async with Watching("live", stream).evaluation(Progress(title="v0"), "stage\x1b[2J first"):
        pass
    first, *rest = stream.getvalue().splitlines()
    assert first == "stage\\x1b[2J first" and rest


@pytest.mark.anyio
async def test_for_programs_the_title_is_in_every_line() -> None:
    stream = io.StringIO()
    async with Watching("json", stream).evaluation(Progress(title="v0"), "stage first"):
        pass
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines and all(line["title"] == "stage first" for line in lines)
