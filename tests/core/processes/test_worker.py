"""A worker answers every request, whatever the game does."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import msgspec
import pytest

from automem.processes.frames import read_frame, write_frame
from automem.processes.messages import Answer, AnyRequest, Close, Draw, Open, Reset, Step
from automem.processes.worker import serve
from automem.spec import EnvironmentSpec


def served(*requests: AnyRequest) -> list[Answer]:
    asked, answered = BytesIO(), BytesIO()
    for request in requests:
        write_frame(asked, msgspec.msgpack.encode(request))
    asked.seek(0)
    serve(asked, answered)
    answered.seek(0)
    answers: list[Answer] = []
    while (payload := read_frame(answered)) is not None:
        answers.append(msgspec.msgpack.decode(payload, type=Answer))
    return answers


def content(answer: Answer) -> Any:
    assert answer.error is None
    return msgspec.msgpack.decode(answer.result)


def opened(spec: EnvironmentSpec, task: str = "t", **options: Any) -> Open:
    return Open(id=1, environment=7, spec=spec, task=task, options=options)


def test_every_verb_is_answered_by_its_number(naughty: EnvironmentSpec) -> None:
    answers = served(
        opened(naughty),
        Reset(id=2, environment=7, seed=5),
        Step(id=3, environment=7, action="NOT_A_VARIABLE"),
        Draw(id=4, environment=7),
        Close(id=5, environment=7),
    )
    assert [answer.id for answer in answers] == [1, 2, 3, 4, 5]
    info, observation, result, frame, closed = map(content, answers)
    assert info["name"] == "naughty"
    assert observation["status"] == "5"
    assert (result["observation"]["text"], result["reward"]) == ("unset", 0.5)
    assert (frame, closed) == (None, None)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("raise", "ValueError: the dice fell off the table"),
        ("exit", "SystemExit: I am done"),
        ("unspeakable", "TypeError: Encoding objects of type object is unsupported"),
    ],
)
def test_what_a_game_raises_is_an_answer(
    naughty: EnvironmentSpec, action: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = served(
        opened(naughty),
        Reset(id=2, environment=7, seed=5),
        Step(id=3, environment=7, action=action),
        Step(id=4, environment=7, action="go on"),
    )
    assert answers[2].error == said
    assert content(answers[3])["reward"] == 0.5
    assert "Traceback" in capsys.readouterr().err


def test_a_game_that_cannot_be_made_says_why_in_one_line(naughty: EnvironmentSpec) -> None:
    answers = served(
        opened(naughty, "unplayable"),
        Reset(id=2, environment=7, seed=5),
        Close(id=3, environment=7),
    )
    assert answers[0].error == "ValueError: this task cannot be played"
    assert answers[1].error == "KeyError: 7"
    assert content(answers[2]) is None


def test_options_are_checked_where_the_game_is_made(naughty: EnvironmentSpec) -> None:
    (refused,) = served(opened(naughty, color="red"))
    assert refused.error == (
        "ConfigError: environment.color: 'naughty' takes no options; remove it"
    )
    strict = msgspec.structs.replace(naughty, config="automem.records.environment:Frame")
    (strange,) = served(opened(strict, width=1))
    assert "missing required field" in (strange.error or "")


def test_a_missing_package_is_answered_with_the_install_line() -> None:
    spec = EnvironmentSpec(name="go", make="nowhere:Go", summary="", extra="games[go]")
    (answer,) = served(opened(spec))
    assert "No module named 'nowhere'" in (answer.error or "")


def test_an_error_without_words_is_still_told(naughty: EnvironmentSpec) -> None:
    spec = msgspec.structs.replace(naughty, make="naughty:Game.missing")
    (answer,) = served(opened(spec))
    assert (answer.error or "").startswith("PluginError: 'naughty' cannot import")


def test_what_is_open_is_closed_when_the_host_hangs_up(naughty: EnvironmentSpec) -> None:
    with pytest.raises(RuntimeError, match="it would not close"):
        served(opened(naughty), Reset(id=2, environment=7, seed=13))
