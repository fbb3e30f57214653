"""Numbers as people read them, and texts that a terminal only shows."""

from __future__ import annotations

from automem.terminal import visible as visible


def duration(seconds: float | None) -> str:
    """`12 s`, `3 min 05 s`, `2 h 07 min`; `?` where it is unknown."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: int) -> str:
    """`950`, `12.3k`, `4.56M`, `7.89B`."""
    if number < 10_000:
        return f"{number:,}"
    if number < 1_000_000:
        return f"{number / 1_000:.1f}k"
    if number < 1_000_000_000:
        return f"{number / 1_000_000:.2f}M"
    return f"{number / 1_000_000_000:.2f}B"


def size(number: int) -> str:
    """`812 B`, `3.4 KiB`, `1.2 GiB`."""
    amount = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def money(cost: float | None) -> str:
    """`$0.0123`; `price unknown` where it is None."""
    if cost is None:
        return "price unknown"
    return f"${cost:.4f}" if 0 < cost < 1 else f"${cost:.2f}"


def percent(value: float | None) -> str:
    """A value that is already in percent."""
    return "-" if value is None else f"{value:.2f} %"


def mean_error(mean: float, error: float | None) -> str:
    """`47.27 ± 2.05`."""
    return f"{mean:.2f}" if error is None else f"{mean:.2f} ± {error:.2f}"


def plural(number: int, noun: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
