"""Nobody answers beyond a recording."""

import anyio
import pytest

from automem.episode.answers import NoAnswers
from automem.errors import ReplayMismatch
from automem.records.model import Message, ModelRequest, Sampling


def test_asking_beyond_the_recording_departs_from_it() -> None:
    nobody = NoAnswers()
    assert nobody.describe("memory") == "recorded memory"
    assert nobody.sampling("memory") == Sampling()
    assert not nobody.seeded("memory")
    request = ModelRequest(messages=(Message(role="user", content="?"),))
    with pytest.raises(ReplayMismatch, match="gameplay role is asked on"):
        anyio.run(nobody.ask, "gameplay", request)
