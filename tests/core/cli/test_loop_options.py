"""What the commands that work through loops take in common."""

import click
import pytest

from automem.cli.app import automem, plugin_commands
from automem.cli.pipeline import pipeline

SHARED = ("config", "overrides", "name", "only_estimate", "measured_in", "mode", "as_json")


def options(command: click.Command) -> dict[str, dict[str, object]]:
    return {param.name or "": param.to_info_dict() for param in command.params}


@pytest.mark.parametrize("name", ["evolve", "train"])
def test_every_command_of_a_loop_takes_what_the_pipeline_takes(name: str) -> None:
    whole, loop = options(pipeline), options(plugin_commands()[name].make())
    assert tuple(whole) == SHARED
    assert {shared: loop[shared] for shared in SHARED} == whole
    assert "with_report" in loop


def test_eval_names_its_run_as_they_do() -> None:
    command = automem.get_command(click.Context(automem), "eval")
    assert command is not None
    assert options(command)["name"] == options(pipeline)["name"]
