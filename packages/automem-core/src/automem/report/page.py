"""Renders the page of some versions: tables and charts as HTML, the rest as data for its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from automem.records._struct import Record
from automem.report import charts
from automem.report.finals import finals, together
from automem.report.lineage import lineage
from automem.report.marks import Marks
from automem.report.replay import EpisodeData, replay_data, script_json
from automem.report.source import Version
from automem.report.tables import (
    achievement_rows,
    cost_rows,
    mean_of,
    measure_rows,
    pair_rows,
    running_mean,
    seed_rows,
)
from automem.report.trainings import loss_curves, training_rows
from automem.report.tried import false_accepts, tried_rows
from automem.run.layout import RunFolder
from automem.run.status import read_status
from automem.ui.words import count, duration, money, plural, size

ASSETS = Path(__file__).parent / "assets"
STYLES = ("page.css", "replay.css")
SCRIPTS = ("data.js", "memory.js", "terminal.js", "lane.js", "strip.js", "player.js", "page.js")
LIVE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


class ResultRow(Record):
    """One line of the first table."""

    version: Any
    mean: tuple[float, float | None] | None
    running: tuple[float, float | None] | None
    """Over the episodes finished so far."""
    progressions: tuple[float, ...]
    """Percent, of the finished episodes."""
    roles: str
    steps: int
    invalid: int
    note: str


class Origin(Record):
    """Where one run was made."""

    name: str
    facts: tuple[tuple[str, str], ...]
    config: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows besides what is in the versions themselves."""

    title: str
    runs: Sequence[RunFolder]
    versions: Sequence[Version]
    episodes: Sequence[EpisodeData]
    marks: Sequence[Sequence[Marks]] = ()
    """By version; empty where no trace was read."""
    blocks: Sequence[tuple[str, str]] = ()
    """Element names and packed texts."""
    root: str = ""
    """Where a server answers; empty for a page that stands alone."""
    notes: Sequence[str] = ()
    """What cannot be shown, and why."""
    made_at: str = ""


def render(page: Page) -> str:
    """The whole HTML. Raises ScaffoldError and RunError for damaged files."""
    versions = page.versions
    seeds = seed_rows(versions)
    marks = page.marks or [()] * len(versions)
    costs = cost_rows(versions)
    tables, trainings = finals(page.runs), training_rows(page.runs)
    shown: dict[str, Any] = {
        "finals": tables,
        "together": together(tables),
        "trainings": trainings,
        "curves": loss_curves(trainings),
        "results": [_result(version) for version in versions],
        "pairs": list(pair_rows(versions)),
        "seeds": seeds,
        "chart_versions": charts.by_version(versions, seeds),
        "chart_steps": charts.by_step(versions, marks),
        "achievements": achievement_rows(versions),
        "measures": measure_rows(versions),
        "costs": costs,
        "most_tokens": max(
            (r.uncached_per_step + r.cached_per_step + r.output_per_step for r in costs),
            default=0.0,
        ),
        "tried": [row for run in page.runs for row in tried_rows(run)],
        "repeats": [found for run in page.runs if (found := false_accepts(run))],
        "scaffolds": lineage(versions),
        "origins": [origin(run) for run in page.runs],
        "data": script_json(replay_data(versions, page.episodes, page.root)),
    }
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            **shown,
            **_frame(live=bool(page.root)),
            title=page.title,
            lead=lead(versions),
            versions=versions,
            blocks=page.blocks,
            sections=_sections(shown),
            notes=page.notes,
            made_at=page.made_at,
            bar=charts.bar,
            dots=charts.dots,
            stack=charts.stack,
            figure=figure,
            count=count,
            money=money,
            duration=duration,
        )
    )


def render_list(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """The page that lists runs: name, address, and what there is to say of each."""
    return (
        _templates()
        .get_template("list.html.j2")
        .render(title=title, rows=rows, **_frame(live=True))
    )


def style() -> str:
    """The style sheet."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)


def script() -> str:
    """All scripts as one, which leaves no name behind."""
    parts = [(ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();\n"


def policy_of(style: str, script: str) -> str:
    """A policy under which a page runs this script and this style, and fetches nothing."""
    return (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def lead(versions: Sequence[Version]) -> str:
    """One sentence on what is shown."""
    games = dict.fromkeys(
        " ".join(filter(None, (v.plan.environment, str(v.plan.options.get("profile", "")))))
        for v in versions
    )
    episodes = sum(len(version.results) for version in versions)
    steps = sum(result.totals.steps for version in versions for result in version.results)
    remembers = any(version.plan.scaffold for version in versions)
    return (
        f"{plural(len(versions), 'version')} of an agent{' with memory files' * remembers}, "
        f"{plural(episodes, 'episode')} of {', '.join(games)}, {plural(steps, 'step')}."
    )


def figure(value: float, unit: str) -> str:
    """A measure as people read it."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def origin(run: RunFolder) -> Origin:
    """What `run.json` and `run.toml` say. Raises RunError for a damaged `run.json`."""
    facts: list[tuple[str, str]] = [("folder", str(run.path))]
    status = read_status(run)
    if status is not None:
        made = status.provenance
        facts += [
            ("status", status.status + (f" ({status.message})" if status.message else "")),
            ("command", "automem " + " ".join(status.command)),
            ("started", status.started_at),
            ("last sign of life", status.heartbeat),
            ("Python", f"{made.python} on {made.platform}"),
            ("machine", _machine(made.hardware.cores, made.hardware.memory_bytes)),
            ("GPU", ", ".join(made.hardware.gpus) or "none"),
            ("packages", ", ".join(f"{name} {v}" for name, v in made.versions.items())),
        ]
        if made.git is not None:
            dirty = " with changes" if made.git.dirty else ""
            facts.append(("commit", made.git.commit[:12] + dirty))
    config = run.config.read_text(encoding="utf-8", errors="replace") if run.config.exists() else ""
    return Origin(name=run.name, facts=tuple(facts), config=config)


def _result(version: Version) -> ResultRow:
    totals = [result.totals for result in version.results]
    roles = dict.fromkeys(identity.text for identity in version.plan.roles.values())
    missing = version.planned - len(version.results)
    return ResultRow(
        version=version,
        mean=mean_of(version),
        running=running_mean(version),
        progressions=tuple(100 * result.progression for result in version.results),
        roles=", then ".join(roles),
        steps=sum(each.steps for each in totals),
        invalid=sum(each.invalid_actions for each in totals),
        note=f"{plural(missing, 'episode')} missing, so there is no mean"
        if version.evaluation is None
        else f"progression over {plural(len(totals), 'episode')}",
    )


def _sections(shown: dict[str, Any]) -> list[tuple[str, str]]:
    optional = [
        ("achievements", "Achievements", shown["achievements"]),
        ("behavior", "Behavior", shown["measures"]),
        ("cost", "Cost", shown["costs"]),
        ("tried", "Tried", shown["tried"] or shown["repeats"]),
        ("trainings", "Training", shown["trainings"]),
        ("scaffolds", "Scaffolds", shown["scaffolds"]),
    ]
    return [
        *([("final", "Final table")] if shown["finals"] else []),
        ("results", "Results"),
        ("replay", "Replay"),
        *((id_, name) for id_, name, there in optional if there),
        ("provenance", "Provenance"),
    ]


def _frame(*, live: bool) -> dict[str, Any]:
    """Policy, style and script of a page."""
    common = {"live": live, "automem_version": installed_version("automem-core")}
    if live:
        return {**common, "policy": LIVE_POLICY}
    css, js = style(), script()
    # Files of this package, in which nothing from outside is.
    return {**common, "policy": policy_of(css, js), "style": Markup(css), "script": Markup(js)}  # noqa: S704


def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _machine(cores: int, memory: int | None) -> str:
    return plural(cores, "core") + (f", {size(memory)}" if memory else "")
