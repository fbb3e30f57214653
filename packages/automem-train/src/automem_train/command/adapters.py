"""`automem adapters`: what was trained, where it came from, and how to give it away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

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
    from automem_train.workers.merging import Dtype

adapter_argument = click.argument("adapter")


@click.group(
    epilog=examples(
        "automem adapters list specialists",
        "automem adapters show specialists/latest",
        "automem adapters export specialists/4f2a --out specialist",
    )
)
def adapters() -> None:
    """List what was trained, show where it came from, export it.

    An adapter is a folder, named by a hash of its training job. ADAPTER is that folder, or
    RUN/KEY with the beginning of a key, or RUN/latest for the best specialist that the run has
    kept; RUN alone will do where it has one.
    """


@adapters.command(
    name="list",
    epilog=examples(
        "automem adapters list specialists", "automem adapters list runs/specialists/adapters"
    ),
)
@click.argument("run_or_path")
@folder_option
@json_option
def list_(*, run_or_path: str, folder: Path, as_json: bool) -> None:
    """List the adapters of a run, or those in a folder; also those that are not finished."""
    from automem_train.adapters.locating import locate_all
    from automem_train.adapters.reading import read_state
    from automem_train.command.adapter_tables import adapters_table, problems

    found = locate_all(run_or_path, folder)
    states = [read_state(path) for path in found]
    if as_json:
        print_json(states)
    if not states:
        say(f"nothing was trained in {run_or_path} yet; train with `automem train`")
        return
    say(adapters_table(states), *problems(states))
    whole = [path for path, state in zip(found, states, strict=True) if state.state == "whole"]
    if whole:
        say("next: " + command_line("adapters", "show", str(whole[-1])))


@adapters.command(
    epilog=examples(
        "automem adapters show specialists/latest", "automem adapters show specialists/4f2a --json"
    )
)
@adapter_argument
@folder_option
@json_option
def show(*, adapter: str, folder: Path, as_json: bool) -> None:
    """Show what an adapter came from: base, data, settings, losses, versions.

    Its weights are read and compared with their hash.
    """
    from automem_train.adapters.locating import locate_one
    from automem_train.adapters.reading import read_whole
    from automem_train.command.adapter_tables import provenance_tables

    path = locate_one(adapter, folder)
    said = read_whole(path)
    if as_json:
        print_json(said)
    say(*provenance_tables(path.name, said))


@adapters.command(
    epilog=examples(
        "automem adapters export specialists/latest --out specialist",
        "automem adapters export specialists/latest --out whole --merged --dtype bfloat16",
    )
)
@adapter_argument
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="A folder that is made."
)
@click.option("--merged", is_flag=True, help="Add it to its base: a model that needs no adapter.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="bfloat16",
    show_default=True,
    help="With --merged: of the weights. The sum is made in float32, and cast once.",
)
@click.option("--base", default="", help="With --merged: where the base lies now.")
@click.option(
    "--interpreter",
    default="peft",
    show_default=True,
    help="With --merged: one with torch, made by `automem setup`.",
)
@folder_option
def export(
    *,
    adapter: str,
    out: Path,
    merged: bool,
    dtype: Dtype,
    base: str,
    interpreter: str,
    folder: Path,
) -> None:
    """Write an adapter for others: as peft loads it, or merged into its base.

    Another base than the one it was trained on is refused, by the hashes of its files.
    """
    from functools import partial

    import anyio

    from automem_train.adapters.exporting import export_adapter, export_merged
    from automem_train.adapters.locating import locate_one

    if base and not merged:
        raise click.UsageError("--base goes with --merged")
    path = locate_one(adapter, folder)
    if not merged:
        export_adapter(path, out)
        say_next(out, ("adapters", "show", str(out)))
        return
    say("comparing the base with its hashes, and merging; a large one takes minutes")
    work = partial(export_merged, path, out, dtype=dtype, base=base, interpreter=interpreter)
    anyio.run(work)
    say(f"wrote {out}", f'next: play with it: model = "{out}" in [roles.memory]')
