"""SVG elements as escaped text, and scales with round numbers on them."""

from __future__ import annotations

import math

from markupsafe import Markup, escape


def element(tag: str, *inner: Markup | str, **attributes: str | float) -> Markup:
    """`<tag attributes>inner</tag>`, all of it escaped; a trailing `_` of a name is dropped."""
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
    )
    body = Markup("").join(inner)
    return Markup(f"<{tag}{said}>{body}</{tag}>")  # noqa: S704 - made of escaped parts


def picture(width: float, height: float, label: str, *inner: Markup) -> Markup:
    """A drawing that scales to its place; `label` is what a screen reader says."""
    return element(
        "svg",
        element("title", label),
        *inner,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        role="img",
        class_="chart",
    )


def line(points: list[tuple[float, float]], **attributes: str | float) -> Markup:
    """A line through points."""
    path = "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)
    return element("path", d=path, fill="none", **attributes)


def ticks(most: float, wanted: int = 5) -> list[float]:
    """Round numbers from 0 to at least `most`, about as many as wanted."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * unit for unit in (1, 2, 2.5, 5, 10) if power * unit >= rough * 0.999)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def _short(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
