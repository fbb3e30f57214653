"""When an observation counts as unchanged."""

from automem.episode.observing import Unchanged, observed
from automem.records.environment import EnvironmentInfo, Observation
from automem.records.trace import Acted

INFO = EnvironmentInfo(name="game", waiting=("Noop",), volatile=(r"T:\d+",))


def _acted(executed: str, *, valid: bool = True) -> Acted:
    return Acted(step=0, said=executed, executed=executed, valid=valid, reward=0.0, progression=0.0)


def _seen(text: str, prefix: str = "") -> "object":
    return observed(1, Observation(text=text), INFO, prefix)


def test_the_invalid_action_prefix_does_not_hide_that_nothing_changed() -> None:
    before, now = _seen("a wall"), _seen("a wall", "Your output was invalid.")
    counter = Unchanged(INFO)
    assert counter.after(before, _acted("Noop", valid=False), now) == 1
    assert counter.after(now, _acted("Noop", valid=False), now) == 2


def test_a_chosen_waiting_action_begins_the_count_anew() -> None:
    counter = Unchanged(INFO)
    wall = _seen("a wall")
    assert counter.after(wall, _acted("Do"), wall) == 1
    assert counter.after(wall, _acted("Noop"), wall) == 0


def test_a_change_begins_the_count_anew_and_a_turn_counter_is_none() -> None:
    counter = Unchanged(INFO)
    assert counter.after(_seen("a wall T:1"), _acted("Do"), _seen("a wall T:2")) == 1
    assert counter.after(_seen("a wall T:2"), _acted("Do"), _seen("a door T:3")) == 0
