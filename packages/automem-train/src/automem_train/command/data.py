"""`automem data`: choose memory turns of a run to learn from, look at them, export them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automem.cli.invocation import Invocation
from automem.cli.output import (
    command_line,
    examples,
    folder_option,
    json_option,
    print_json,
    say,
    say_next,
)

if TYPE_CHECKING:
    from automem.run.layout import RunFolder
    from automem_train.dataset.folder import DataFolder
    from automem_train.export import Form, TrainOn

data_argument = click.argument("data_set", metavar="[DATA]", required=False, default="")


@click.group(
    epilog=examples(
        "automem data turns demo",
        "automem data select demo selection.toml",
        "automem data show demo",
        "automem data stats demo",
        "automem data sample demo --n 3",
        "automem data export demo --form trl --out exported",
    )
)
def data() -> None:
    """Choose memory turns of a run to learn from, look at them, export them.

    A turn is one call of a memory model: in LOG, or consulting in PLAN. A data set is a folder of
    the run, named by a hash of what it holds. DATA is the beginning of that hash; it may be left
    out where there is only one.
    """


@data.command(epilog=examples("automem data turns demo", "automem data turns demo --json"))
@click.argument("run")
@click.option(
    "--evaluation",
    "evaluations",
    multiple=True,
    help="Only this one, by name or beginning of its key. May be repeated.",
)
@folder_option
@json_option
def turns(*, run: str, evaluations: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Make the table of all memory turns, and count what is in it.

    Each line of it is what `score(turn)` is given. zstdcat reads it.
    """
    from automem.run.status import hold
    from automem_train.command.tables import count_turns, turns_tables
    from automem_train.turns.source import complete_evaluations, sources_of
    from automem_train.turns.table import turn_table

    found = _run(run, folder)
    with hold(found):
        sources = sources_of(found, complete_evaluations(found, evaluations))
        table = turn_table(found, sources, _watch)
    counted = count_turns(table)
    if as_json:
        print_json(counted)
    say(*turns_tables(counted))
    say_next(table.path, ("data", "select", str(found.path), "selection.toml"))


@data.command(
    epilog=examples("automem data select demo selection.toml", "automem data select demo choice/")
)
@click.argument("run")
@click.argument("selection", type=click.Path(path_type=Path, exists=True))
@folder_option
@json_option
@click.pass_obj
def select(
    invocation: Invocation, *, run: str, selection: Path, folder: Path, as_json: bool
) -> None:
    """Make a data set by SELECTION, a selection.toml or a folder that holds one.

    `score.py` beside it defines `score(turn)`, which runs in the jail. Chosen replies are cleaned
    by fixed rules, and every example is compared with its trace before the data set gets its
    name. The same run and selection give the same data set, which is then found again.
    """
    import anyio

    from automem.run.status import hold
    from automem_train.command.tables import report_tables
    from automem_train.dataset.building import build_data
    from automem_train.select.selection import load_selection

    found = _run(run, folder)
    chooser = load_selection(selection)
    invocation.resume = command_line(*invocation.arguments)
    with hold(found):
        made = anyio.run(build_data, found, chooser, _watch)
    report = made.read_report()
    if as_json:
        print_json(report)
    say(*report_tables(report))
    name = made.path.name
    say_next(
        made.path,
        ("data", "sample", str(found.path), name),
        ("data", "export", str(found.path), name, "--form", "trl", "--out", "exported"),
    )


@data.command(
    epilog=examples(
        "automem data show demo", "automem data show demo --turn 4f2a/default/42/7/log/0"
    )
)
@click.argument("run")
@data_argument
@click.option("--turn", "turn", default="", help="Show the example of this turn, whole.")
@folder_option
@json_option
def show(*, run: str, data_set: str, turn: str, folder: Path, as_json: bool) -> None:
    """List the data sets of a run, or the examples of one, or show one example whole."""
    from automem.cli.output import page
    from automem_train.command.tables import data_table, example_line, example_text
    from automem_train.dataset.folder import NO_DATA, data_folders

    found = _run(run, folder)
    if not data_set and not turn:
        reports = [each.read_report() for each in data_folders(found)]
        if as_json:
            print_json(reports)
        say(data_table(reports) if reports else f"no data set in {found.data}; {NO_DATA}")
        return
    chosen = _data(found, data_set)
    shown = [one for one in chosen.read_examples() if one.id.startswith(turn)]
    if turn and not shown:
        raise click.BadParameter(f"no example of the turn {turn!r}", param_hint="--turn")
    if as_json:
        print_json(shown)
    elif len(shown) == 1:
        page(example_text(shown[0]))
    else:
        page("\n".join(map(example_line, shown)))


@data.command(epilog=examples("automem data stats demo", "automem data stats demo 3fa9 --json"))
@click.argument("run")
@data_argument
@folder_option
@json_option
def stats(*, run: str, data_set: str, folder: Path, as_json: bool) -> None:
    """Show the report: what was refused and why, rules, shapes, episodes, sizes."""
    from automem_train.command.tables import report_tables

    report = _data(_run(run, folder), data_set).read_report()
    if as_json:
        print_json(report)
    say(*report_tables(report))


@data.command(
    epilog=examples(
        "automem data sample demo --n 3", "automem data sample demo --rejected --seed 7"
    )
)
@click.argument("run")
@data_argument
@click.option("--n", "number", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Another one, other examples.")
@click.option("--rejected", is_flag=True, help="Sample what was refused instead.")
@folder_option
@json_option
def sample(
    *,
    run: str,
    data_set: str,
    number: int,
    seed: int,
    rejected: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Show some examples whole, drawn by chance, to be read by a person."""
    from automem.cli.output import page
    from automem_train.command.sampling import sampled
    from automem_train.command.tables import example_text, reject_line

    chosen = _data(_run(run, folder), data_set)
    if rejected:
        refused = sampled(chosen.read_rejected(), number, seed)
        if as_json:
            print_json(refused)
        else:
            page("\n".join(map(reject_line, refused)))
        return
    drawn = sampled(chosen.read_examples(), number, seed)
    if as_json:
        print_json(drawn)
    else:
        page("\n\n".join(map(example_text, drawn)))


@data.command(epilog=examples("automem data check demo"))
@click.argument("run")
@data_argument
@folder_option
@json_option
def check(*, run: str, data_set: str, folder: Path, as_json: bool) -> None:
    """Compare every example with its trace again, character by character."""
    from automem_train.dataset.proving import prove

    found = _run(run, folder)
    chosen = _data(found, data_set)
    proven = prove(found, chosen.path)
    if as_json:
        print_json({"hash": chosen.path.name, "proven": proven})
    say(f"{chosen.path}: {proven} examples, every one as its trace has it")


@data.command(
    epilog=examples(
        "automem data export demo --form trl --out exported",
        "automem data export demo --form llamafactory --train-on all --out exported",
    )
)
@click.argument("run")
@data_argument
@click.option(
    "--form",
    type=click.Choice(["trl", "llamafactory", "axolotl"]),
    required=True,
    help="Which trainer is to read it.",
)
@click.option(
    "--train-on",
    type=click.Choice(["last", "all"]),
    default="last",
    show_default=True,
    help="What is learned: the cleaned last reply, or every reply of the conversation.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@folder_option
@json_option
def export(
    *,
    run: str,
    data_set: str,
    form: Form,
    train_on: TrainOn,
    out: Path,
    folder: Path,
    as_json: bool,
) -> None:
    """Write a data set as chat JSONL for another trainer, with what the trainer must be told."""
    from automem_train.export import export as write

    done = write(_data(_run(run, folder), data_set), out, form, train_on)
    if as_json:
        print_json(done)
    say(f"{done.examples} examples; tell {form}:", *(f"  {line}" for line in done.settings))
    say_next(Path(done.files[0]))


def _run(text: str, folder: Path) -> RunFolder:
    from automem.cli.locate import locate_run

    return locate_run(text, folder)


def _data(run: RunFolder, text: str) -> DataFolder:
    from automem_train.dataset.folder import locate_data

    return locate_data(run, text)


def _watch(done: int, total: int) -> None:
    if done == total or done % 10 == 0:
        say(f"turns of {done} of {total} episodes")
