"""The charts of a page; each repeats what a table beside it says in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from automem.report.marks import Marks
from automem.report.source import Version
from automem.report.svg import element, line, picture, ticks
from automem.report.tables import SeedRow, mean_of

COLORS = 6
"""The style sheet has so many colors for versions."""
WIDTH, HEIGHT = 560.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 18.0, 16.0, 44.0
LONGEST_LABEL = 22


@dataclass(frozen=True, slots=True)
class Frame:
    """The area between the axes, and where values are in it."""

    across: float
    """Value at the right edge."""
    up: float
    """Value at the top."""

    def x(self, value: float) -> float:
        """Horizontal place of a value."""
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.across

    def y(self, value: float) -> float:
        """Vertical place of a value."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.up


def color(version: int) -> str:
    """The class of a version's color."""
    return f"v{version % COLORS}"


def by_version(versions: Sequence[Version], seeds: Sequence[SeedRow]) -> Markup:
    """Progression from version to version: a line for every seed, the mean with its error."""
    means = [mean_of(version) for version in versions]
    values = [value for row in seeds for value in row.values if value is not None]
    tops = [mean + (error or 0.0) for mean, error in filter(None, means)]
    scale = ticks(max([*values, *tops], default=0.0))
    frame = Frame(across=len(versions), up=scale[-1])
    parts = _rungs(frame, scale)
    for row in seeds:
        points = [
            (frame.x(number + 0.5), frame.y(value))
            for number, value in enumerate(row.values)
            if value is not None
        ]
        shown = ", ".join("-" if v is None else f"{v:.1f}" for v in row.values)
        parts.append(
            element(
                "g",
                element("title", f"{row.task} {row.seed}: {shown} %"),
                *([line(points, class_="seed")] if len(points) > 1 else []),
                *(element("circle", cx=x, cy=y, r=3, class_="seed-dot") for x, y in points),
                class_="hover",
            )
        )
    middle = [
        (frame.x(number + 0.5), frame.y(mean[0]))
        for number, mean in enumerate(means)
        if mean is not None
    ]
    if len(middle) > 1:
        parts.append(line(middle, class_="mean"))
    for number, (version, mean) in enumerate(zip(versions, means, strict=True)):
        parts += _mean_mark(frame, number, version, mean)
    spoken = "; ".join(
        f"{version.label} {mean[0]:.1f} %"
        for version, mean in zip(versions, means, strict=True)
        if mean is not None
    )
    return picture(WIDTH, HEIGHT, f"Mean progression by version: {spoken}", *parts)


def _mean_mark(
    frame: Frame, number: int, version: Version, mean: tuple[float, float | None] | None
) -> list[Markup]:
    x = frame.x(number + 0.5)
    label = version.label
    short = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "\u2026"
    parts = [
        element("text", short, x=x, y=HEIGHT - BOTTOM + 20, text_anchor="middle", class_="name")
    ]
    if mean is None:
        parts.append(
            element("text", "not complete", x=x, y=HEIGHT - BOTTOM + 35, text_anchor="middle")
        )
        return parts
    if mean[1] is not None:
        low, high = frame.y(mean[0] - mean[1]), frame.y(mean[0] + mean[1])
        parts.append(line([(x, low), (x, high)], class_=f"error {color(number)}"))
    parts.append(element("circle", cx=x, cy=frame.y(mean[0]), r=6, class_=f"dot {color(number)}"))
    parts.append(
        element("text", f"{mean[0]:.1f} %", x=x + 13, y=frame.y(mean[0]) + 18, class_="value")
    )
    return parts


def by_step(versions: Sequence[Version], marks: Sequence[Sequence[Marks]]) -> Markup | None:
    """Progression over an episode, a thin line for every seed and the mean of each version.

    `marks[n]` are of the episodes of version n. None where there are none.
    """
    longest = max((m.steps for of in marks for m in of), default=0)
    most = max((v for of in marks for m in of for _, v in m.progression), default=0.0)
    if longest < 2:
        return None
    scale = ticks(100 * most)
    frame = Frame(across=longest - 1, up=scale[-1])
    parts = _rungs(frame, scale)
    for step in ticks(longest - 1):
        if step < longest:
            parts.append(
                element(
                    "text",
                    f"{step:,.0f}",
                    x=frame.x(step),
                    y=HEIGHT - BOTTOM + 18,
                    text_anchor="middle",
                )
            )
    parts.append(
        element("text", "step", x=WIDTH - RIGHT, y=HEIGHT - BOTTOM + 34, text_anchor="end")
    )
    for version, of in zip(versions, marks, strict=True):
        for each in of:
            parts.append(line(_stairs(frame, each), class_=f"thin {color(version.number)}"))
    for version, of in zip(versions, marks, strict=True):
        if of:
            points = _mean_stairs(frame, of, longest)
            parts.append(line(points, class_=f"thick {color(version.number)}"))
    return picture(WIDTH, HEIGHT, "Progression by step, every seed and the mean", *parts)


def _stairs(frame: Frame, marks: Marks) -> list[tuple[float, float]]:
    points = [(frame.x(0), frame.y(0))]
    for step, value in marks.progression:
        points += [(frame.x(step), points[-1][1]), (frame.x(step), frame.y(100 * value))]
    return [*points, (frame.x(marks.steps - 1), points[-1][1])]


def _mean_stairs(frame: Frame, of: Sequence[Marks], longest: int) -> list[tuple[float, float]]:
    """An episode that has ended keeps its progression."""
    rises = sorted(
        (step, value - before)
        for marks in of
        for (step, value), before in zip(
            marks.progression, [0.0, *(v for _, v in marks.progression)], strict=False
        )
    )
    total = 0.0
    points = [(frame.x(0), frame.y(0))]
    for step, rise in rises:
        total += rise
        points += [
            (frame.x(step), points[-1][1]),
            (frame.x(step), frame.y(100 * total / len(of))),
        ]
    return [*points, (frame.x(longest - 1), points[-1][1])]


def dots(values: Sequence[float], mean: float | None, version: int) -> Markup:
    """Every seed as a dot between 0 and 100 %, and the mean as a line across."""
    inner = [element("line", x1=0, x2=200, y1=8, y2=8, class_="rung")]
    inner += [
        element("circle", cx=3 + 1.94 * value, cy=8, r=3, class_="seed-dot") for value in values
    ]
    if mean is not None:
        x = 3 + 1.94 * mean
        inner.append(element("line", x1=x, x2=x, y1=0, y2=16, class_=f"error {color(version)}"))
    shown = ", ".join(f"{value:.1f}" for value in sorted(values))
    return element(
        "svg",
        element("title", f"Every seed, between 0 and 100 %: {shown}"),
        *inner,
        viewBox="0 0 200 16",
        role="img",
        class_="dots",
    )


def _rungs(frame: Frame, scale: Sequence[float]) -> list[Markup]:
    parts: list[Markup] = []
    for value in scale:
        y = frame.y(value)
        parts.append(line([(LEFT, y), (WIDTH - RIGHT, y)], class_="rung"))
        label = f"{value:g}" + (" %" if value == scale[-1] else "")
        parts.append(element("text", label, x=LEFT - 8, y=y + 4, text_anchor="end"))
    return parts


def bar(share: float, version: int) -> Markup:
    """A share of a whole as a bar; the number stands beside it."""
    share = min(max(share, 0.0), 1.0)
    return element(
        "svg",
        element("rect", x=0, y=0, width=100, height=8, rx=2, class_="track"),
        element("rect", x=0, y=0, width=100 * share, height=8, rx=2, class_=color(version)),
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )


def stack(parts: Sequence[float], whole: float) -> Markup:
    """Amounts one after another along a bar whose length is `whole`."""
    inner: list[Markup] = []
    left = 0.0
    for number, part in enumerate(parts):
        width = 100 * part / whole if whole else 0.0
        inner.append(element("rect", x=left, y=0, width=width, height=8, class_=f"part{number}"))
        left += width
    return element(
        "svg",
        *inner,
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="bar",
    )
