"""The display for a terminal: a line for each running episode, a bar and totals."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automem.evaluate.progress import EpisodeProgress
from automem.ui.summary import ACTIVE, Named, Summary, Watch, busiest
from automem.ui.words import count, duration, money, percent, visible

FEWEST_LINES = 3
BAR_WIDTH = 50
GAP = 2
SHORTEST_NAME = 12
WAIT_WIDTH = 18
"""Room for the usual waits; a longer one is cut."""
OTHER_LINES = 7
"""Lines of the screen that are not episodes: title, bar, totals, heads, a margin."""


@dataclass(slots=True)
class LiveDisplay:
    """Draws on `console`; nothing is drawn between two calls of `update`."""

    watch: Watch
    title: str
    console: Console
    _live: Live | None = field(default=None)

    def begin(self, now: float) -> None:
        """Take over the lower part of the terminal."""
        self._live = Live(
            self.render(now), console=self.console, auto_refresh=False, transient=True
        )
        self._live.start(refresh=True)

    def update(self, now: float) -> None:
        """Redraw."""
        if self._live is not None:
            self._live.update(self.render(now), refresh=True)

    def end(self, now: float) -> None:
        """Give the terminal back, leaving one line of totals."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        summary = self.watch.summary(now)
        self.console.print(_totals(summary).append(f"  in {duration(summary.elapsed_seconds)}"))

    def render(self, now: float) -> Group:
        """The whole picture at `now`."""
        summary = self.watch.summary(now)
        episodes = self.watch.episodes()
        most = max(FEWEST_LINES, self.console.size.height - OTHER_LINES)
        shown = busiest(episodes, most)
        hidden = sum(named.episode.state in ACTIVE for named in episodes) - len(shown)
        parts: list[Text | Table] = [Text(self.title, style="bold")]
        notices = [p.notices[-1] for p in self.watch.progresses if p.notices]
        if notices and not summary.calls_in_flight:
            # Nothing moves: what was said last is why.
            notice = Text(visible(notices[-1]), style="dim", no_wrap=True, overflow="ellipsis")
            parts.append(notice)
        if shown:
            parts.append(_table(shown, now, self.console.width))
        if hidden:
            parts.append(Text(f"  and {hidden} more at play", style="dim"))
        parts.append(_bar(summary))
        parts.append(_totals(summary))
        return Group(*parts)


def _table(episodes: list[Named], now: float, width: int) -> Table:
    """What does not fit goes, the least telling first: tokens, the head of the name, the wait."""
    columns = {
        "episode": [name for name, _ in episodes],
        "step": [f"{e.step:,}/{e.max_steps:,}" for _, e in episodes],
        "progression": [f"{100 * e.progression:.1f} %" for _, e in episodes],
        "tokens": [count(e.tokens) for _, e in episodes],
    }
    widths = {head: max(map(len, (head, *cells))) + GAP for head, cells in columns.items()}
    if sum(widths.values()) + WAIT_WIDTH > width:
        del columns["tokens"]
    room = width - widths["step"] - widths["progression"] - GAP
    waits = room - WAIT_WIDTH >= SHORTEST_NAME
    room -= WAIT_WIDTH if waits else 0
    columns["episode"] = [_end(name, room) for name in columns["episode"]]

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for head in columns:
        table.add_column(head, justify="left" if head == "episode" else "right", no_wrap=True)
    if waits:
        table.add_column("waits for", no_wrap=True, overflow="ellipsis")
    taken = sum(max(map(len, (head, *cells))) + GAP for head, cells in columns.items())
    for *cells, (_, episode) in zip(*columns.values(), episodes, strict=True):
        wait = Text(_wait(episode, now), style="yellow" if episode.note else "")
        # Rich takes what a table is too wide from every column, the short ones too.
        wait.truncate(max(1, width - taken), overflow="ellipsis")
        table.add_row(*cells, *([wait] if waits else []))
    return table


def _end(name: str, most: int) -> str:
    """Task and seed stand last in a name, and tell episodes apart."""
    return name if len(name) <= most else "…" + name[len(name) - max(1, most - 1) :]


def _wait(episode: EpisodeProgress, now: float) -> str:
    if episode.state == "replaying":
        said = "recorded answers"
    elif episode.waiting_for:
        said = f"{episode.waiting_for} {max(0.0, now - episode.waiting_since):.1f} s"
    else:
        said = ""
    return f"{said} ({visible(episode.note)})" if episode.note else said


def _bar(summary: Summary) -> Table:
    row = Table.grid(padding=(0, 2, 0, 0))
    left = f"{duration(summary.elapsed_seconds)} gone, {duration(summary.left_seconds)} left"
    row.add_row(ProgressBar(total=1.0, completed=_share(summary), width=BAR_WIDTH), left)
    return row


def _share(summary: Summary) -> float:
    if summary.left_seconds is None:
        return 0.0
    whole = summary.elapsed_seconds + summary.left_seconds
    return summary.elapsed_seconds / whole if whole else 1.0


def _totals(summary: Summary) -> Text:
    text = Text()
    text.append(f"{summary.done}/{summary.planned} episodes", style="bold")
    if summary.unfinished:
        text.append(f", {summary.unfinished} unfinished", style="bold red")
    text.append(f"  mean {percent(summary.mean)}")
    text.append(f"  calls {summary.calls_in_flight} in flight, {summary.calls_waiting} waiting")
    if summary.retries:
        text.append(f", {summary.retries} retries", style="yellow")
    text.append(f"  {count(summary.tokens)} tokens  {money(summary.cost)}")
    return text
