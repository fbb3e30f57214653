"""`automem trace`: read an episode back, step by step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.output import command_line, examples, folder_option, json_option, page, say
from automem.records._struct import Record
from automem.ui.words import visible

if TYPE_CHECKING:
    from automem.cli.locate import Found
    from automem.episode.reader import TraceReader
    from automem.episode.views import StepView

MOST_HITS = 200


class Hit(Record):
    """A line that `--grep` found."""

    step: int
    what: str
    """Where in the step it stands: the observation, a reply, an operation."""
    text: str


@click.command(
    epilog=examples(
        "automem trace runs/demo crafter-tiny-map/42",
        "automem trace runs/demo crafter-tiny-map/42 --step 100",
        "automem trace runs/demo crafter-tiny-map/42 --step 100 --memory",
        "automem trace runs/demo crafter-tiny-map/42 --timeline",
        "automem trace runs/demo crafter-tiny-map/42 --grep diamond",
        "automem trace runs/demo crafter-tiny-map/42 --export md > episode.md",
    )
)
@click.argument("run")
@click.argument("episode")
@click.option("--step", "number", type=click.IntRange(min=0), help="Show this step.")
@click.option("--memory", is_flag=True, help="Show the memory files, by default at the last step.")
@click.option("--timeline", is_flag=True, help="Show what became of every line of memory.")
@click.option("--grep", "pattern", help="List the steps whose texts match a regular expression.")
@click.option(
    "--export",
    "form",
    type=click.Choice(["md", "jsonl"]),
    help="Write the whole episode, or the step, to stdout.",
)
@folder_option
@json_option
def trace(
    *,
    run: str,
    episode: str,
    number: int | None,
    memory: bool,
    timeline: bool,
    pattern: str | None,
    form: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Read an episode back: a summary, any step of it, the memory at any step.

    RUN is a run's path or name. EPISODE is its seed, with as much before it as tells it apart:
    42, default/42, crafter-map/42, or the evaluation's key as in 3f2a9c01/default/42.

    --json gives a whole episode as JSON lines, one a step.
    """
    from automem.cli.locate import locate_episode, locate_run
    from automem.episode.reader import open_trace

    found = locate_episode(locate_run(run, folder), episode)
    opened = open_trace(found.episode)
    if pattern is not None:
        grep(opened, pattern, as_json=as_json)
    elif timeline:
        _timeline(opened, found, as_json=as_json)
    elif memory:
        _memory(opened, opened.count - 1 if number is None else number, as_json=as_json)
    elif form is not None:
        _export(opened, number, form)
    elif as_json:
        _export(opened, number, "jsonl")
    else:
        _show(opened, number, found)


def step_line(step: StepView) -> str:
    """One step as a JSON line, its events whole."""
    import msgspec

    events = {
        "step": step.number,
        "observed": step.observed,
        "asked": step.asked,
        "failed": step.failed,
        "remembered": step.remembered,
        "warned": step.warned,
        "acted": step.acted,
    }
    return msgspec.json.encode(events).decode()


def _show(opened: TraceReader, number: int | None, found: Found) -> None:
    from automem.ui.episodes import episode_text
    from automem.ui.steps import step_text

    if number is None:
        page(episode_text(opened))
        say("next: " + command_line("trace", str(found.run.path), found.name, "--step", "0"))
        return
    page(step_text(opened.step(number)))
    if number + 1 < opened.count:
        after = str(number + 1)
        say("next: " + command_line("trace", str(found.run.path), found.name, "--step", after))


def _memory(opened: TraceReader, number: int, *, as_json: bool) -> None:
    from automem.cli.output import print_json
    from automem.ui.steps import memory_text

    after = opened.memory_at(number)
    if as_json:
        print_json(after)
        return
    before = opened.memory_at(number - 1) if number else dict(opened.started.files)
    page(memory_text(before, after, number))


def _timeline(opened: TraceReader, found: Found, *, as_json: bool) -> None:
    from automem.cli.output import print_json
    from automem.evaluate.behaviour.episode import slots_of
    from automem.evaluate.timeline import timeline as timeline_of
    from automem.ui.timeline import timeline_text

    started = opened.started
    slots = slots_of(found.run, started.scaffold, started.info.task)
    story = timeline_of(opened.events(), slots)
    if as_json:
        print_json(story)
        return
    page(timeline_text(story))


def grep(
    opened: TraceReader, pattern: str, *, most: int = MOST_HITS, as_json: bool = False
) -> None:
    """List the lines of every step that match on stdout, `most` of them for people."""
    from automem.cli.output import print_json
    from automem.ui.steps import searchable

    try:
        wanted = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise click.BadParameter(
            f"not a regular expression: {error}", param_hint="--grep"
        ) from error
    every = (
        Hit(step=step.number, what=what, text=line.strip())
        for step in opened.steps()
        for what, text in searchable(step)
        for line in text.split("\n")
        if wanted.search(line)
    )
    if as_json:
        print_json(list(every))
        return
    hits = 0
    for hit in every:
        hits += 1
        if hits <= most:
            click.echo(f"step {hit.step} {hit.what}: {visible(hit.text)}")
    if hits > most:
        say(f"and {hits - most} more lines; use a narrower expression")
    elif not hits:
        say(f"nothing in {opened.count} steps matches {pattern!r}")


def _export(opened: TraceReader, number: int | None, form: str) -> None:
    from automem.ui.episodes import episode_text
    from automem.ui.steps import step_text

    steps = opened.steps() if number is None else iter([opened.step(number)])
    if form == "md" and number is None:
        click.echo(visible(episode_text(opened)) + "\n")
    for step in steps:
        click.echo(visible(step_text(step)) + "\n" if form == "md" else step_line(step))
