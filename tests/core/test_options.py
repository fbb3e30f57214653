"""How the options of a part are read and refused."""

from __future__ import annotations

from typing import Literal

import pytest

from automem.errors import ConfigError
from automem.options import read_options
from automem.records._struct import Record


class Inner(Record):
    size: int = 1
    shape: Literal["round", "square"] | None = None


class Outer(Record):
    inner: Inner = Inner()
    names: tuple[str, ...] = ()
    color: str = "red"


def test_options_become_the_struct() -> None:
    read = read_options("game", Outer, {"inner": {"size": 3}, "names": ["a"]}, path="environment")
    assert read == Outer(inner=Inner(size=3), names=("a",))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"colour": "red"}, "environment.colour: 'game' has no such option; did you mean 'color'?"),
        ({"zzz": 1}, "environment.zzz: 'game' has no such option; it has: inner, names, color"),
        (
            {"inner": {"sise": 1}},
            "environment.inner.sise: 'game' has no such option; did you mean 'size'?",
        ),
        (
            {"inner": {"size": "3"}},
            "environment.inner.size: Expected `int`, got `str` (an option of 'game')",
        ),
        (
            {"inner": {"shape": "rond"}},
            "environment.inner.shape: 'rond' is none of round, square (an option of 'game')",
        ),
        ({"inner": 3}, "environment.inner: Expected `object`, got `int` (an option of 'game')"),
        (
            {"names": [1]},
            "environment.names[0]: Expected `str`, got `int` (an option of 'game')",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_path(raw: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_options("game", Outer, raw, path="environment")
    assert str(caught.value) == said


def test_a_struct_without_fields_says_that_it_has_none() -> None:
    class Nothing(Record):
        pass

    with pytest.raises(ConfigError, match="it has: none"):
        read_options("game", Nothing, {"a": 1}, path="options")
