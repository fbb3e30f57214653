"""The group of all commands: light, complete, helpful about names."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from _pytest.mark.structures import ParameterSet

from automem.cli import main
from automem.cli.app import COMMANDS, automem
from automem.cli.lazy import LazyGroup, Stranger
from automem.errors import PluginError

from .conftest import Automem

HEAVY = (
    "torch", "nle", "crafter", "openai", "anthropic", "scipy", "numpy", "aiohttp", "jinja2",
    "rich", "structlog", "zstandard", "anyio", "asyncio",
)  # fmt: skip


def commands(group: click.Group, *path: str) -> Iterator[ParameterSet]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield pytest.param(command, id=" ".join((*path, name)))
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from automem.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit as exit:\n"
        "    assert exit.code == 0\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "automem.cli.app" in loaded
    assert not loaded & set(HEAVY)
    of_plugins = {name for name in loaded if name.startswith("automem_")}
    assert {name for name in of_plugins if "." in name and not name.endswith(".plugin")} == set()
    assert not {name for name in loaded if name.startswith("automem.evaluate")}


def test_help_lists_every_command(call: Automem) -> None:
    done = call("--help")
    assert done.code == 0
    for name, lazy in COMMANDS.items():
        assert f"  {name} " in done.out and lazy.summary in done.out


@pytest.mark.parametrize("command", list(commands(automem)))
def test_every_command_says_what_it_does_and_shows_examples(command: click.Command) -> None:
    assert command.help and command.get_short_help_str()
    assert "Examples:\n  automem " in (command.epilog or "")


def test_a_misspelt_command_is_a_usage_error_with_the_closest_name(call: Automem) -> None:
    done = call("evel")
    assert done.code == 2
    assert "no command named 'evel'; did you mean 'eval'?" in done.err


def test_a_plugins_command_is_found_suggested_and_listed(call: Automem) -> None:
    assert call("greet") == (0, "hello\n", "")
    assert "did you mean 'greet'" in call("gret").err
    assert "  greet " in call("--help").out


def test_a_misspelt_option_is_a_usage_error(call: Automem) -> None:
    assert call("--vebose").code == 2
    assert call("eval").code == 2


def test_the_version_is_told(call: Automem) -> None:
    assert call("--version").out.startswith("automem ")


def test_main_exits_with_the_code_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["runs", "show", "no such run"])
    assert ended.value.code == 1
    assert "no run at" in capsys.readouterr().err


def test_main_reads_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["automem", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("automem ")


def test_a_name_that_looks_like_an_option_is_not_asked_of_plugins() -> None:
    def strangers() -> dict[str, Stranger]:
        raise AssertionError

    group = LazyGroup("group", lazy={}, strangers=strangers)
    assert group.get_command(click.Context(group), "--x") is None


def test_a_plugins_broken_command_harms_no_other_name() -> None:
    def broken() -> click.Command:
        raise PluginError("cannot import")

    greet = click.Command("greet")
    group = LazyGroup(
        "group",
        lazy={},
        strangers=lambda: {
            "broken": Stranger(broken, "Breaks."),
            "greet": Stranger(lambda: greet, "Greets."),
        },
    )
    context = click.Context(group)
    assert group.get_command(context, "greet") is greet
    with pytest.raises(click.UsageError, match="did you mean 'greet'"):
        group.resolve_command(context, ["gret"])
    with pytest.raises(PluginError):
        group.get_command(context, "broken")
    assert "broken  Breaks." in group.get_help(context)
