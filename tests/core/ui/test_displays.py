"""What is shown of a running evaluation, in each of the three ways."""

import io
import json
from collections.abc import Iterator

import anyio
import pytest
from rich.console import Console

from automem.evaluate.progress import EpisodeProgress, Progress
from automem.ui.display import Display, choose_mode, display, make_display
from automem.ui.live import LiveDisplay
from automem.ui.summary import Watch, busiest


def progress_of(*episodes: EpisodeProgress, title: str = "") -> Progress:
    return Progress(title=title, episodes={(e.task, e.seed): e for e in episodes})


def playing(seed: int, step: int = 10, **kwargs: object) -> EpisodeProgress:
    return EpisodeProgress("t", seed, max_steps=100, state="playing", step=step, **kwargs)  # type: ignore[arg-type]


def done(seed: int, progression: float = 0.5) -> EpisodeProgress:
    return EpisodeProgress(
        "t", seed, max_steps=100, state="done", step=60, progression=progression, tokens=1000
    )


def watch_of(*progresses: Progress) -> Watch:
    return Watch(progresses=progresses, began=100.0)


def test_totals_cover_all_evaluations() -> None:
    first = progress_of(done(1, 0.2), done(2, 0.4), playing(3))
    first.calls_in_flight, first.calls_waiting, first.retries, first.calls_done = 3, 2, 1, 9
    second = progress_of(EpisodeProgress("t", 1, max_steps=0), playing(2, cost=0.5))
    summary = watch_of(first, second).summary(110.0)
    assert (summary.planned, summary.done, summary.playing) == (5, 2, 2)
    assert summary.mean == pytest.approx(30.0)
    assert (summary.steps, summary.planned_steps) == (140, 500)
    assert (summary.tokens, summary.cost) == (2000, 0.5)
    assert (summary.calls_in_flight, summary.calls_waiting, summary.calls_done) == (3, 2, 9)
    assert summary.elapsed_seconds == 10.0


def test_nothing_is_known_before_the_first_episode_ends() -> None:
    summary = watch_of(progress_of(playing(1, step=0))).summary(101.0)
    assert summary.mean is None and summary.left_seconds is None
    assert watch_of(Progress()).summary(101.0).left_seconds is None


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    assert watch_of(progress_of(playing(1), playing(2, cost=None))).summary(1.0).cost is None


def test_the_time_left_follows_from_the_steps_played_so_far() -> None:
    episode = playing(1, step=25)
    watch = watch_of(progress_of(episode, playing(2, step=25)))
    assert watch.summary(110.0).left_seconds == pytest.approx(30.0)
    episode.state = "done"
    assert watch.summary(110.0).left_seconds == pytest.approx(10.0 * 75 / 125)


def test_episodes_finished_before_say_nothing_about_the_time_left() -> None:
    watch = watch_of(progress_of(done(1), done(2), playing(3, step=50)))
    assert watch.summary(110.0).left_seconds == pytest.approx(10.0)
    assert watch_of(progress_of(done(1))).summary(110.0).left_seconds == 0.0


def test_the_longest_waits_are_shown_where_not_all_fit() -> None:
    idle = playing(1)
    short = playing(2, waiting_for="environment", waiting_since=9.0)
    long = playing(3, waiting_for="memory", waiting_since=1.0)
    named = watch_of(progress_of(idle, short, long, done(4))).episodes()
    assert [n.name for n in busiest(named, 3)] == ["t/1", "t/2", "t/3"]
    assert [n.name for n in busiest(named, 2)] == ["t/3", "t/2"]


def test_several_evaluations_are_told_apart_by_their_titles() -> None:
    watch = watch_of(progress_of(done(1), title="a"), progress_of(done(1), title="b"))
    assert [named.name for named in watch.episodes()] == ["a t/1", "b t/1"]


def plain(*episodes: EpisodeProgress) -> tuple[Progress, io.StringIO, Display]:
    progress, stream = progress_of(*episodes), io.StringIO()
    return progress, stream, make_display("plain", watch_of(progress), "my title", stream)


def test_plain_tells_each_end_and_note_once() -> None:
    progress, stream, shown = plain(playing(1, note="retry 1"), done(2))
    shown.begin(100.0)
    shown.update(101.0)
    shown.update(102.0)
    progress.episodes["t", 1].note = "retry 2"
    progress.episodes["t", 1].state = "unfinished"
    shown.end(103.0)
    lines = stream.getvalue().splitlines()
    assert lines[:5] == [
        "my title",
        "t/1: step 10: retry 1",
        "t/2: done after 60 steps, progression 50.00 %, 1,000 tokens",
        "t/1: step 10: retry 2",
        "t/1: unfinished after 10 steps, progression 0.00 %, 0 tokens",
    ]
    assert lines[5].startswith(
        "1/2 episodes | 1 unfinished | step 70 of at most 200 | mean 50.00 %"
    )
    assert len(lines) == 6


def test_plain_sums_up_every_ten_seconds() -> None:
    progress, stream, shown = plain(playing(1))
    progress.retries = 4
    shown.begin(100.0)
    shown.update(109.0)
    assert len(stream.getvalue().splitlines()) == 1
    shown.update(110.0)
    shown.update(111.0)
    (line,) = stream.getvalue().splitlines()[1:]
    assert line.endswith("$0.00 | 4 retries | 10 s gone | 1 min 30 s left")


def test_plain_without_a_title_begins_silently() -> None:
    stream = io.StringIO()
    make_display("plain", watch_of(Progress()), "", stream).begin(100.0)
    assert stream.getvalue() == ""


def test_json_writes_changes_and_totals_as_objects() -> None:
    progress, stream = progress_of(playing(1)), io.StringIO()
    shown = make_display("json", watch_of(progress), "my title", stream)
    shown.begin(100.0)
    shown.update(100.5)
    shown.update(101.5)
    progress.episodes["t", 1].state = "done"
    shown.end(102.0)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [e["event"] for e in events] == [
        "summary", "episode", "summary", "episode", "summary",
    ]  # fmt: skip
    assert events[0]["title"] == "my title"
    assert events[1] == {
        "event": "episode", "name": "t/1", "task": "t", "seed": 1, "state": "playing",
        "step": 10, "progression": 0.0, "tokens": 0, "note": "",
    }  # fmt: skip
    assert events[3]["state"] == "done" and events[4]["totals"]["done"] == 1


def live(
    progress: Progress, *, height: int = 24, width: int = 100
) -> tuple[LiveDisplay, io.StringIO]:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, height=height, force_terminal=True, color_system=None
    )
    return LiveDisplay(watch_of(progress), "my title", console), stream


def drawn(shown: LiveDisplay, now: float) -> str:
    with shown.console.capture() as capture:
        shown.console.print(shown.render(now))
    return capture.get()


def test_live_draws_a_line_for_each_running_episode() -> None:
    progress = progress_of(
        playing(1, waiting_for="memory (log, turn 2)", waiting_since=105.0, tokens=12_345),
        EpisodeProgress("t", 2, max_steps=100, state="replaying", step=7),
        playing(3, note="retry 1"),
        done(4),
        EpisodeProgress("t", 5, max_steps=100, state="unfinished"),
    )
    progress.retries = 2
    text = drawn(live(progress)[0], 110.0)
    assert "my title" in text
    assert "memory (log, turn 2) 5.0 s" in text and "12.3k" in text
    assert "recorded answers" in text and "(retry 1)" in text
    assert "1/5 episodes, 1 unfinished" in text and "2 retries" in text
    assert "t/4" not in text


def test_live_counts_the_episodes_that_do_not_fit() -> None:
    progress = progress_of(*(playing(seed) for seed in range(40)))
    text = drawn(live(progress, height=12)[0], 110.0)
    assert "and 35 more at play" in text
    assert len(text.splitlines()) <= 12


@pytest.mark.parametrize("width", [40, 60, 80])
def test_live_tells_episodes_and_their_steps_apart_on_a_narrow_terminal(width: int) -> None:
    progress = progress_of(
        *(playing(seed, waiting_for="environment", waiting_since=110.0) for seed in (42, 43)),
        title="a scaffold of some name",
    )
    shown = live(progress, width=width)[0]
    shown.watch.progresses = [progress, progress_of(done(1))]
    lines = drawn(shown, 110.0).splitlines()
    assert all(len(line.rstrip()) <= width for line in lines)
    for seed in (42, 43):
        (line,) = [line for line in lines if f"t/{seed} " in line]
        assert "10/100" in line and "0.0 %" in line
        assert ("environment 0.0 s" in line) == (width >= 60)


def test_a_long_wait_leaves_episode_and_step_readable() -> None:
    progress = progress_of(
        playing(42, waiting_for="gameplay", waiting_since=110.0, note="try 6 failed " + 90 * "x")
    )
    lines = drawn(live(progress, width=100)[0], 110.0).splitlines()
    (line,) = [line for line in lines if "t/42 " in line]
    assert "10/100" in line and "0.0 %" in line and "try 6 failed" in line
    assert len(line.rstrip()) <= 100


def test_no_note_gives_the_terminal_commands() -> None:
    episode = playing(1, note="\x1b]0;owned\x07\x1b[2J\x9b31m")
    progress, stream, shown = plain(episode)
    shown.update(101.0)
    screen, _ = live(progress, width=200)
    for written in (stream.getvalue(), drawn(screen, 101.0)):
        assert r"\x1b]0;owned\x07\x1b[2J\x9b31m" in written


def test_live_shows_an_empty_and_a_full_bar() -> None:
    assert "0/0 episodes" in drawn(live(Progress())[0], 100.0)
    assert "1/1 episodes" in drawn(live(progress_of(done(1)))[0], 100.0)


def test_live_gives_the_terminal_back_with_one_line_of_totals() -> None:
    shown, stream = live(progress_of(playing(1)))
    shown.update(100.0)
    shown.begin(100.0)
    shown.update(101.0)
    shown.end(102.0)
    assert "t/1" in stream.getvalue()
    shown.end(103.0)
    assert stream.getvalue().splitlines()[-1].startswith("0/1 episodes")


@pytest.mark.parametrize("mode", ["live", "plain", "json"])
def test_a_display_follows_the_body_and_ends_with_it(mode: str) -> None:
    stream = io.StringIO()
    progress = progress_of(playing(1))
    ticks: Iterator[float] = iter(range(10_000))

    async def play() -> None:
        clock = lambda: float(next(ticks))  # noqa: E731
        async with display(mode, progress, title="it", stream=stream, clock=clock):  # type: ignore[arg-type]
            progress.episodes["t", 1].state = "done"

    anyio.run(play)
    assert ("1" in stream.getvalue() and "it" in stream.getvalue()) or mode == "live"


def test_a_display_polls_while_the_body_runs() -> None:
    polled = 0

    async def play() -> None:
        enough = anyio.Event()

        def clock() -> float:
            nonlocal polled
            polled += 1
            if polled > 4:
                enough.set()
            return float(polled)

        async with display(
            "json", [Progress()], title="it", stream=io.StringIO(), clock=clock, poll_seconds=0.0
        ):
            with anyio.fail_after(30):
                await enough.wait()

    anyio.run(play)
    assert polled > 4


def test_an_error_of_the_body_comes_through_as_it_is() -> None:
    stream = io.StringIO()

    async def play() -> None:
        async with display("plain", Progress(), title="it", stream=stream):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        anyio.run(play)
    assert stream.getvalue().splitlines()[-1].startswith("0/0 episodes")


def test_live_is_for_terminals_unless_asked_for() -> None:
    assert choose_mode(None, terminal=True) == "live"
    assert choose_mode(None, terminal=False) == "plain"
    assert choose_mode("json", terminal=True) == "json"


def test_plain_tells_each_notice_once() -> None:
    progress, stream, shown = plain(playing(1))
    progress.notices.append("vllm on port 8000: starting")
    shown.update(101.0)
    progress.notices.append("vllm on port 8000: ready after 40 s")
    shown.update(102.0)
    lines = stream.getvalue().split("\n")
    assert [line for line in lines if "vllm" in line] == progress.notices


def test_live_shows_the_last_notice_while_nothing_moves() -> None:
    progress = progress_of(playing(1))
    progress.notices += ["vllm: starting", "vllm | Loading weights: 10 %"]
    assert "Loading weights: 10 %" in drawn(live(progress)[0], 110.0)
    assert "starting" not in drawn(live(progress)[0], 110.0)
    progress.calls_in_flight = 1
    assert "Loading" not in drawn(live(progress)[0], 110.0)
