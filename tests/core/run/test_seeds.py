"""Seed lists in all the ways they can be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.errors import ConfigError
from automem.records.config import SeedsSection
from automem.run.seeds import check_disjoint, parse_seeds


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ((), ()),
        ((5, 3), (5, 3)),
        ("3 from 1000", (1000, 1001, 1002)),
        ("42-45", (42, 43, 44, 45)),
        ("42, 45, 50-52", (42, 45, 50, 51, 52)),
        ("7", (7,)),
        (7, (7,)),
    ],
)
def test_every_way_of_writing_seeds_is_understood(
    written: tuple[int, ...] | int | str, meant: tuple[int, ...]
) -> None:
    assert parse_seeds(written) == meant


@pytest.mark.parametrize("text", ["", "ten", "0 from 5", "5-3", "1,,2", "100 from", "-3", "1.5"])
def test_seeds_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_seeds(text)


def test_negative_repeated_and_endless_seeds_are_refused() -> None:
    with pytest.raises(ConfigError, match="negative"):
        parse_seeds((1, -1))
    with pytest.raises(ConfigError, match="named twice"):
        parse_seeds("1-3, 2")
    with pytest.raises(ConfigError, match="more than 100,000"):
        parse_seeds("1000000000 from 0")


@given(st.integers(0, 10**9), st.integers(1, 200))
def test_a_count_and_a_range_mean_the_same(first: int, count: int) -> None:
    assert parse_seeds(f"{count} from {first}") == parse_seeds(f"{first}-{first + count - 1}")


def test_lists_that_share_a_seed_are_refused_with_both_names() -> None:
    with pytest.raises(ConfigError, match="seed 50 is in `search` and in `report`"):
        check_disjoint(SeedsSection(search="42-51", report=(50,)))
    check_disjoint(SeedsSection(search="42-51", train="100 from 1000", report=(60,)))


def test_an_unreadable_list_is_named() -> None:
    with pytest.raises(ConfigError, match=r"\[seeds\] train: cannot read"):
        check_disjoint(SeedsSection(train="many"))
