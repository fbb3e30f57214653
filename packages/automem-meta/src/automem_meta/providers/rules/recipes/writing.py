"""A recipe's review: data used again or selected anew, the next points of the grid, and why."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from automem.errors import MetaError
from automem_meta.providers.rules.clerk import Clerk
from automem_meta.providers.rules.draft import toml
from automem_meta.providers.rules.recipes.data import data_again
from automem_meta.providers.rules.recipes.earlier import Tried, change_line, tried_recipes
from automem_meta.providers.rules.recipes.grid import Point, next_points
from automem_meta.providers.rules.recipes.selecting import (
    Found,
    found_selection,
    ladder,
    last_share,
    next_share,
    rung_files,
    teaches_log,
)
from automem_meta.providers.rules.wording import filled

RECIPE: Final = "recipe.toml"
SELECT: Final = "select"
PASSES: Final = "passes the check"
_MAY_HAVE = re.compile(r"\bmay have (\d+)\b")
_TRYOUT_LINES = 60


@dataclass(slots=True)
class _Draft:
    """The recipe on the way to one that passes the check."""

    clerk: Clerk
    settings: dict[str, Any]
    """Of the first configuration that is there: what is not of the grid stays so."""
    points: tuple[Point, ...]
    refusals: list[str]
    """What the check said to what was tried before."""

    async def passes(self, data: str, name: str) -> bool:
        """Whether the check takes it, with as many points as it allows."""
        answer = await self._checked(data)
        allowed = _MAY_HAVE.search(answer)
        if allowed is not None and 0 < int(allowed[1]) < len(self.points):
            self.points = self.points[: int(allowed[1])]
            answer = await self._checked(data)
        if PASSES in answer:
            return True
        self.refusals.append(f"- {name}: {' '.join(answer.split())}")
        return False

    async def _checked(self, data: str) -> str:
        scale = self.settings.get("alpha", 32.0) / self.settings.get("rank", 16)
        tables = [
            {
                **self.settings,
                "rank": point.rank,
                "alpha": scale * point.rank,
                "learning_rate": point.learning_rate,
                "epochs": point.epochs,
            }
            for point in self.points
        ]
        await self.clerk.do("write", path=RECIPE, text=toml({"data": data, "lora": tables}))
        return (await self.clerk.ask("check")).text


async def write_recipe(clerk: Clerk, most: int) -> None:
    """Write the next recipe, of at most so many configurations; none left is said.

    Everything is decided from what the desk shows, in the same order each time.
    """
    settings = await _settings(clerk)
    found = await _selection(clerk)
    earlier = tried_recipes(clerk.desk.brief)
    center = _center(earlier, settings)
    tried = {point for one in earlier for point in one.points}
    draft = _Draft(clerk, settings, next_points(center, tried, most), [])
    if not draft.points:
        await clerk.say("Every point of the grid was tried; nothing is proposed.")
        return
    share = next_share(earlier)
    if share is None:
        again = await data_again(clerk, earlier)
        if again and await draft.passes(again, f"the data set {again} again"):
            report = await clerk.ask("data", hash=again)
            words = f"the data set {again} again; nothing speaks against it"
            await _deliver(draft, earlier, center, None, words, report.text)
            return
        share = last_share(earlier)
    await _select_anew(draft, earlier, center, share, found)


async def _select_anew(
    draft: _Draft, earlier: Sequence[Tried], center: Point, share: float, found: Found
) -> None:
    for rung in ladder(share, found):
        for name, text in rung_files(rung, found).items():
            await draft.clerk.do("write", path=name, text=text)
        if not await draft.passes(SELECT, rung.name):
            continue
        tryout = (await draft.clerk.ask("select")).text
        if rung.strict and found.score and not teaches_log(tryout):
            # A specialist that learned from PLAN alone would forget how to write.
            draft.refusals.append(f"- {rung.name}: no turn of LOG is among its examples")
            continue
        await _deliver(draft, earlier, center, rung.share, rung.words, tryout)
        return
    last = draft.refusals[-1].removeprefix("- ")
    await draft.clerk.say(f"No selection passes the check; nothing is proposed. The last: {last}")


async def _settings(clerk: Clerk) -> dict[str, Any]:
    """The first configuration of the recipe that is there. Raises MetaError."""
    text = await clerk.text(RECIPE)
    try:
        table = tomllib.loads(text)
        return dict(cast("list[dict[str, Any]]", table["lora"])[0])
    except (tomllib.TOMLDecodeError, LookupError, TypeError, ValueError) as error:
        raise MetaError(f"the rules cannot read {RECIPE} as it stands: {error!r}") from error


async def _selection(clerk: Clerk) -> Found:
    there = await clerk.listed()
    texts = [
        await clerk.text(name) if name in there else "" for name in ("selection.toml", "score.py")
    ]
    return found_selection(*texts)


def _center(earlier: Sequence[Tried], settings: dict[str, Any]) -> Point:
    """The last point that was kept; else the first that was tried; else what is there."""
    kept = [one.kept for one in earlier if one.kept is not None]
    if kept:
        return kept[-1]
    if earlier:
        return earlier[0].points[0]
    return Point(
        rank=settings.get("rank", 16),
        learning_rate=settings.get("learning_rate", 5e-5),
        epochs=settings.get("epochs", 1),
    )


async def _deliver(
    draft: _Draft,
    earlier: Sequence[Tried],
    center: Point,
    share: float | None,
    data: str,
    tryout: str,
) -> None:
    """Write the reports and finish."""
    analysis = filled(
        "recipe_analysis",
        DATA=data,
        EARLIER="\n".join(map(_told, earlier)) or "Nothing was tried before.",
        RUNGS="\n".join(draft.refusals) or "The first one did.",
        TRYOUT="\n".join([f"> {line}" for line in tryout.splitlines()[:_TRYOUT_LINES]]),
    )
    points = ", ".join([f"`{point.name}`" for point in draft.points])
    method = filled(
        "recipe_method",
        CHANGE=change_line(share, draft.points),
        TITLE="look before you write",
        DATA=data,
        POINTS=points,
        CENTER=f"`{center.name}`",
    )
    await draft.clerk.do("write", path="analysis.md", text=analysis)
    await draft.clerk.do("write", path="method.md", text=method)
    answer = await draft.clerk.ask("finish")
    if answer.failed:
        await draft.clerk.say(f"The desk does not take the recipe: {answer.text}")


def _told(tried: Tried) -> str:
    said = [
        f"`{point.name}` {tried.verdicts.get(place, 'has no verdict')}"
        for place, point in enumerate(tried.points, start=1)
    ]
    data = "earlier data" if tried.share is None else f"share{tried.share:g}"
    return f"- {data}: {', '.join(said)}"
