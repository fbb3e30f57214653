"""`automem scaffold lineage`: what loop 1 tried in a run, what changed, and what it brought."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from automem.cli.output import examples, folder_option, json_option, page, print_json
from automem.cli.versions import RunVersion, run_versions
from automem.records._struct import Record
from automem.records.ledger import Trial
from automem.ui.words import count, duration, money, plural

MOST_WHY = 300
FEWEST_LETTERS = 30
"""Of a line, however deep in the tree."""


class Lineage(Record):
    """What `automem scaffold lineage --json` prints."""

    run: str
    versions: tuple[RunVersion, ...]
    trials: tuple[Trial, ...]


@click.command(
    epilog=examples(
        "automem scaffold lineage runs/crafter",
        "automem scaffold lineage crafter --json",
        "automem scaffold diff crafter:0 crafter:1",
    )
)
@click.argument("run", metavar="RUN")
@folder_option
@json_option
def lineage(*, run: str, folder: Path, as_json: bool) -> None:
    """Show what was tried in a run, as a tree: each change, its verdict and its cost.

    Below each scaffold that was ever the best stand the changes that were to improve it. Names such
    as 001-b are those of the reviews' folders; `automem scaffold diff` shows a change itself.
    """
    from automem.cli.locate import locate_run
    from automem.errors import RunError
    from automem.run.ledger import read_ledger

    located = locate_run(run, folder)
    trials = read_ledger(located.ledger, "scaffold")
    if not trials:
        raise RunError(f"{located.path} has no ledger, or nothing in it: nothing was tried there")
    if as_json:
        known = tuple(run_versions(located, trials))
        print_json(Lineage(run=str(located.path), versions=known, trials=trials))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        page("\n".join(tree(trials, width)))


def tree(trials: Sequence[Trial], width: int | None = None) -> Iterator[str]:
    """The ledger in lines, indented by how much was kept before; none longer than `width`."""
    depth = 0
    yield f"0  {trials[0].parent_name}  {trials[0].parent}"
    for trial in trials:
        margin = "   " * depth
        told = [(f"{margin}|- ", f"{trial.name}  {_verdict(trial)}")]
        told += [(f"{margin}|    ", fact) for fact in _facts(trial)]
        for begin, text in told:
            yield from _folded(begin, text, f"{margin}|    ", width)
        if trial.verdict == "kept":
            depth += 1
            yield f"{'   ' * depth}{depth}  {trial.candidate_name}  {trial.candidate}"


def _folded(begin: str, text: str, below: str, width: int | None) -> Iterator[str]:
    """A line, or as many as it takes; what goes on stands below `below`."""
    if width is None:
        yield begin + text
    else:
        most = max(width, len(below) + FEWEST_LETTERS)
        yield from textwrap.wrap(
            text, most, initial_indent=begin, subsequent_indent=below, break_on_hyphens=False
        )


def _verdict(trial: Trial) -> str:
    goes_on = f", continuation {trial.continuation}" if trial.continuation else ""
    change = f": {trial.change}" if trial.change else ""
    return f"{trial.verdict.replace('_', ' ')}{goes_on}{change}"


def _facts(trial: Trial) -> Iterator[str]:
    why = " ".join(trial.why.split())
    yield why if len(why) <= MOST_WHY else f"{why[:MOST_WHY]}..."
    if trial.stages:
        last = trial.stages[-1]
        yield f"{last.before:.2f} % -> {last.after:.2f} % over {plural(len(trial.pairs), 'pair')}"
    if trial.without_code is not None:
        bare = trial.without_code
        yield f"without its code {bare.mean:.2f} %, with it {bare.with_code:.2f} %"
    yield cost_text(trial)


def cost_text(trial: Trial) -> str:
    """What the review and the play of a trial took."""
    review, played = trial.review_cost, trial.play_cost
    return (
        f"review: {plural(review.turns, 'turn')}, {count(review.tokens)} tokens, "
        f"{money(review.cost)}, {duration(review.seconds)}; "
        f"play: {plural(played.episodes, 'episode')}, {count(played.tokens)} tokens, "
        f"{money(played.cost)}"
    )
