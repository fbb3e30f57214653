"""What a desk writes down, and what of it is worth a line on a display."""

from typing import Any, cast

from automem.episode.desk import EpisodeDesk
from automem.episode.progress import EpisodeProgress
from automem.records.trace import AnyEvent, Warned


class Recording:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def record(self, event: AnyEvent) -> None:
        """Keep it."""
        self.events.append(event)


def test_a_memory_role_that_would_act_is_recorded_and_not_shown_each_time() -> None:
    recorder, progress = Recording(), EpisodeProgress("default", 1, max_steps=9)
    nobody = cast("Any", None)
    desk = EpisodeDesk(nobody, nobody, nobody, cast("Any", recorder), nobody, progress)
    desk.warn("action_in_log", "LOG does not act; ignored: Noop")
    desk.warn("action_by_memory", "the memory role does not act; ignored: Noop")
    kinds = [event.kind for event in recorder.events if isinstance(event, Warned)]
    assert kinds == ["action_in_log", "action_by_memory"]
    assert progress.note == "LOG does not act; ignored: Noop"
