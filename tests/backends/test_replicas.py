"""Several addresses of one server."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from automem.errors import ConfigError, ModelError
from automem_backends.replicas import (
    LONGEST_REST_SECONDS,
    MOST_EPISODES,
    SLACK,
    Replicas,
)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def replicas(clock: Clock) -> Replicas:
    return Replicas.of(("http://a/v1", "http://b/v1/", "http://c/v1"), clock)


def taken(replicas: Replicas, times: int) -> str:
    return "".join(replicas.next().url[7] for _ in range(times))


def test_replicas_take_turns() -> None:
    assert taken(replicas(Clock()), 6) == "abcabc"


def test_one_that_fails_is_left_out_for_a_while() -> None:
    clock = Clock()
    members = replicas(clock)
    members.failed(members.next())
    assert taken(members, 4) == "bcbc"
    clock.now += 1.0
    assert taken(members, 3) == "abc"


def test_each_further_failure_doubles_the_rest_up_to_a_limit() -> None:
    clock = Clock()
    members = replicas(clock)
    first = members.next()
    rests: list[float] = []
    for _ in range(8):
        members.failed(first)
        rests.append(first.rests_until - clock.now)
    assert rests == [1, 2, 4, 8, 16, 32, LONGEST_REST_SECONDS, LONGEST_REST_SECONDS]


def test_one_that_answers_is_back_at_once() -> None:
    members = replicas(Clock())
    first = members.next()
    members.failed(first)
    members.worked(first)
    assert (first.failures, taken(members, 3)) == (0, "bca")


def test_where_all_rest_the_one_that_rested_longest_is_tried() -> None:
    clock = Clock()
    members = replicas(clock)
    for _ in members.members:
        members.failed(members.next())
        clock.now += 0.1
    assert taken(members, 2) == "aa"


def test_one_that_failed_very_often_rests_no_longer_than_the_longest() -> None:
    clock = Clock()
    members = replicas(clock)
    first = members.next()
    for _ in range(2_000):
        members.failed(first)
    assert first.rests_until == clock.now + LONGEST_REST_SECONDS


def test_a_trailing_slash_makes_no_other_address() -> None:
    assert replicas(Clock()).urls == ("http://a/v1", "http://b/v1", "http://c/v1")


def test_the_least_busy_one_is_asked() -> None:
    members = replicas(Clock())
    with members.chosen() as first, members.chosen() as second:
        assert taken(members, 2) == "cc"
        with members.chosen() as third:
            assert [first.url[7], second.url[7], third.url[7]] == ["a", "b", "c"]
            assert [member.in_flight for member in members.members] == [1, 1, 1]
    assert [member.in_flight for member in members.members] == [0, 0, 0]


def test_an_episode_keeps_to_one_while_others_are_spread() -> None:
    members = replicas(Clock())
    homes = {name: members.next(name) for name in ("e1", "e2", "e3", "e4")}
    assert [home.url[7] for home in homes.values()] == ["a", "b", "c", "a"]
    assert {name: members.next(name) for name in reversed(homes)} == homes


def test_an_episode_moves_when_its_replica_is_much_busier_than_another() -> None:
    members = replicas(Clock())
    home = members.next("e1")
    home.in_flight = SLACK - 1
    assert members.next("e1") is home
    home.in_flight = SLACK
    moved = members.next("e1")
    assert moved is not home
    home.in_flight = 0
    assert members.next("e1") is moved


def test_an_episode_whose_replica_rests_moves_and_does_not_come_back() -> None:
    clock = Clock()
    members = replicas(clock)
    home = members.next("e1")
    members.failed(home)
    moved = members.next("e1")
    clock.now += 100.0
    members.worked(home)
    assert members.next("e1") is moved is not home


def test_one_that_failed_is_tried_by_one_call_alone() -> None:
    clock = Clock()
    members = replicas(clock)
    members.failed(members.next())
    clock.now += 1.0
    members.next()
    members.next()
    with members.chosen() as tried:
        assert tried.url == "http://a/v1"
        assert taken(members, 4) == "bcbc"
    assert taken(members, 3) == "abc"


@pytest.mark.parametrize(
    ("error", "failures"),
    [
        (ModelError("busy", retryable=True), 1),
        (ModelError("bad request"), 0),
        (KeyboardInterrupt(), 1),
    ],
)
def test_how_a_call_ends_says_whether_its_replica_rests(
    error: BaseException, failures: int
) -> None:
    members = replicas(Clock())
    with pytest.raises(type(error)), members.chosen():
        raise error
    assert (members.members[0].failures, members.members[0].in_flight) == (failures, 0)


def test_episodes_that_were_silent_longest_are_forgotten() -> None:
    members = replicas(Clock())
    first = members.next("first")
    for number in range(MOST_EPISODES):
        members.next(str(number))
    assert members.next("first") is not first


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ((), "is empty"),
        (("host:1",), "must begin with"),
        (("http://a/v1", "http://"), "address 2 of 2, is no address"),
        (("http://a:port/v1",), "is no address"),
        (("http://a:99999/v1",), "is no address"),
        (("http://[::1",), "is no address"),
        (("http://a b/v1",), "is no address"),
        (("http://a\nb/v1",), "is no address"),
        (("http://a/v1#top",), "must end with its path"),
        (("http://a/v1?key=hidden",), "must end with its path"),
        (("http://hidden@a/v1",), "hold no user and no key"),
    ],
)
def test_what_is_no_address_is_refused(urls: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        Replicas.of(urls)
    assert "hidden" not in str(caught.value)
