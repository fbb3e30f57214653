"""Which regular expressions a scaffold may bring, and how long the worst of them takes."""

import pytest

from automem.scaffold.patterns import LONGEST, pattern_problem, ways


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("abc", 1),
        (r"\(\N{DIGIT ONE}[]+*]{}", 1),
        ("a?", 2),
        ("a{2,4}?", 3),
        ("a{,5}", 6),
        ("(a|b|c)d", 3),
        ("(?P<x>[0-9]+),(?P<y>[0-9]+)", LONGEST**2),
        ("-?[0-9]+,-?[0-9]+,-?[0-9]+", 8 * LONGEST**3),
        ("(a?){2}", 4),
        ("([a-z]+,)?x", LONGEST + 1),
    ],
)
def test_the_ways_to_try_a_pattern_are_counted(pattern: str, expected: float) -> None:
    assert ways(pattern) == expected
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "((a+))+$",
        "(?:(?:a|a))*b",
        "(?:a?){30}a{30}",
        "a?" * 28 + "a" * 28,
        "(a|a)" * 25 + "b",
        ".*.*.*.*.*.*=",
        "(a+){20}b",
        "([a-z]+[,]?){10}!",
        "(a{,})+",
        "((a{1,3}){1,50}){1,3}",
        "(?=(a+)+b)a",
        "(?i:(a++)+)",
        r"(a)(?:\1+)+",
    ],
)
def test_what_is_tried_in_too_many_ways_is_refused(pattern: str) -> None:
    assert "so many ways" in (pattern_problem(pattern) or "")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a{99999999999}", "is no regular expression"),
        ("(" * 150, "is no regular expression"),
        ("[[a]", "is no regular expression: Possible nested set"),
        ("(?x)(a+ #(\n)+ #)\n", "sets the flag x"),
        ("(?#[)(a+)+]", "holds a comment"),
    ],
)
def test_what_is_read_in_another_way_than_it_looks_is_refused(pattern: str, said: str) -> None:
    assert said in (pattern_problem(pattern) or "")
