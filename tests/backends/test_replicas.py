"""Several addresses of one server."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from automem.errors import ConfigError
from automem_backends.replicas import LONGEST_REST_SECONDS, Replicas


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
    assert [member.chat_url for member in replicas(Clock()).members] == [
        "http://a/v1/chat/completions",
        "http://b/v1/chat/completions",
        "http://c/v1/chat/completions",
    ]


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
