"""How errors become words and exit codes."""

import sys
from pathlib import Path

import click
import pytest

from automem.cli.errors import run_command, weightiest
from automem.cli.invocation import Invocation
from automem.errors import ConfigError, EvaluationUnfinished, LimitReached, ModelError


def raising(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


def run(
    error: BaseException, capsys: pytest.CaptureFixture[str], **known: object
) -> tuple[int, str]:
    code = run_command(raising(error), [], Invocation(**known))  # type: ignore[arg-type]
    return code, capsys.readouterr().err.removeprefix("\n")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ModelError("the engine is gone"), 1, "error: the engine is gone\n"),
        (ConfigError("no such key"), 2, "error: no such key\n"),
        (LimitReached("no money left"), 3, "error: no money left\n"),
        (OSError(28, "No space left on device"), 1, "error: No space left on device\n"),
        (IsADirectoryError(21, "Is a directory", "a"), 1, "error: Is a directory: a\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (ExceptionGroup("g", [ConfigError("deep")]), 2, "error: deep\n"),
        (BaseExceptionGroup("g", [KeyboardInterrupt(), ConfigError("x")]), 130, "interrupted\n"),
    ],
)
def test_every_kind_of_end_has_its_code_and_no_traceback(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(error, capsys) == (code, said)


def test_what_a_command_returns_is_its_code_if_it_is_one() -> None:
    @click.command()
    def seven() -> int:
        return 7

    @click.command()
    def text() -> str:
        return "seven"

    @click.command()
    @click.pass_context
    def leaving(ctx: click.Context) -> None:
        ctx.exit(5)

    assert [run_command(c, []) for c in (seven, text, leaving)] == [7, 0, 5]


def test_click_errors_are_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(click.UsageError("no such option"), capsys)
    assert code == 2 and "no such option" in said


def test_an_unexpected_error_names_the_log_and_the_way_to_see_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "automem.log"
    code, said = run(ValueError("odd"), capsys, log=log)
    assert code == 1
    assert "error: unexpected ValueError: odd" in said and str(log) in said
    assert "automem --debug" in said and "Traceback" not in said
    assert "command_failed" in log.read_text(encoding="utf-8")


def test_debug_shows_where_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(ValueError("odd"), capsys, debug=True)
    assert code == 1 and "Traceback" in said and "--debug" not in said


def test_a_log_that_cannot_be_written_hides_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for error in (OSError(28, "No space left on device"), ValueError("odd")):
        code, said = run(error, capsys, log=tmp_path, resume="automem eval a.toml")
        assert code == 1 and str(error.args[-1]) in said and "Traceback" not in said


def test_an_error_gives_the_terminal_no_commands(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = run(ModelError("503: \x1b[2J\x07\udc9b down"), capsys)
    assert said == "error: 503: \\x1b[2J\\x07\\udc9b down\n"


def test_no_key_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = run(ModelError("refused sk-abcdefghijklmnop"), capsys)
    assert said == "error: refused [redacted]\n"


@pytest.mark.parametrize(
    "error", [LimitReached("enough"), EvaluationUnfinished("1 of 2"), KeyboardInterrupt()]
)
def test_what_was_stopped_can_be_gone_on_with(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = run(error, capsys, resume="automem eval a.toml")
    assert "nothing is lost; go on with: automem eval a.toml" in said


def test_a_reader_that_went_away_is_no_news(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    assert run(BrokenPipeError(), capsys) == (1, "")
    assert sys.stdout is None


def test_an_unexpected_error_outweighs_expected_ones_and_a_limit_both() -> None:
    odd, limit, known = ValueError(), LimitReached(), ModelError("x")
    assert weightiest(ExceptionGroup("g", [known, odd])) is odd
    assert weightiest(ExceptionGroup("g", [known, odd, ExceptionGroup("h", [limit])])) is limit
    assert weightiest(ExceptionGroup("g", [known])) is known
