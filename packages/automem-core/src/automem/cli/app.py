"""The group of all commands; importing it imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import click

from automem.cli.invocation import Invocation
from automem.cli.lazy import Lazy, LazyGroup, Stranger

COMMANDS: Mapping[str, Lazy] = {
    "demo": Lazy("automem.cli.demo:demo", "Watch an agent with memory files play real Crafter."),
    "eval": Lazy("automem.cli.eval:evaluate", "Play the episodes of a configuration."),
    "pipeline": Lazy(
        "automem.cli.pipeline:pipeline",
        "Both loops, the final table and the report at once.",
    ),
    "trace": Lazy("automem.cli.trace:trace", "Read an episode back, step by step."),
    "replay": Lazy("automem.cli.replay:replay", "Prove a recorded episode again."),
    "runs": Lazy("automem.cli.runs:runs", "List, show, compare and compact runs."),
    "report": Lazy("automem.cli.report:report", "Write runs as one HTML file."),
    "view": Lazy("automem.cli.view:view", "Look at runs in a browser."),
    "scaffold": Lazy("automem.cli.scaffold:scaffold", "Show, check, compare and begin scaffolds."),
    "environments": Lazy(
        "automem.cli.environments:environments", "List, verify and play environments."
    ),
    "plugins": Lazy("automem.cli.plugins:plugins", "List plugins and what is wrong with them."),
    "config": Lazy("automem.cli.config:config", "Check and show configurations."),
    "setup": Lazy("automem.cli.setup:setup", "Make interpreters and data sets for some games."),
    "doctor": Lazy("automem.cli.doctor:doctor", "See what this machine has and lacks."),
}

EXAMPLES = """\b
Examples:
  automem demo
  automem eval configs/crafter.toml -s seeds.search=42-43
  automem trace runs/demo crafter-tiny-map/42 --step 100

Plugins add commands, the last of the list; `automem plugins` lists what is installed.
A command exits with 0 when it is done, 1 when the work failed or what was named is not there,
2 for a mistake in options or configuration, 3 at a limit, 130 when it was interrupted.
"""


def plugin_commands() -> Mapping[str, Stranger]:
    """The commands that plugins offer, each imported when it is called for."""
    from automem.plugins import load_plugins

    plugins = load_plugins()
    return {
        name: Stranger(partial(plugins.load, spec), spec.summary)
        for name, spec in plugins.commands().items()
    }


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    strangers=plugin_commands,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-v", "--verbose", is_flag=True, help="Also show log events on the screen.")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.version_option(
    package_name="automem-core", prog_name="automem", message="%(prog)s %(version)s"
)
@click.pass_context
def automem(ctx: click.Context, *, verbose: bool, debug: bool) -> None:
    """Memory as a skill that an LLM agent learns.

    An agent plays long text games with a folder of memory files. Every step can be read back,
    resumed and replayed.
    """
    from automem.logging import logging_to

    ctx.with_resource(logging_to(None, verbose=verbose))
    invocation = ctx.ensure_object(Invocation)
    invocation.verbose = verbose
    invocation.debug = debug
