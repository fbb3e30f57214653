"""Who is chosen: the best, within shares of shapes and of episodes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from automem_train.select.choosing import Candidate, choose
from automem_train.select.selection import EpisodeChoice, Selection

SHAPES = ("log/first", "log/continue", "plan/first")


def candidate(number: int, score: float, shape: str = "log/first", episode: str = "e") -> Candidate:
    return Candidate(score, f"{episode}/{number:03d}", shape, shape, episode)


def selection(
    shapes: dict[str, float] | None = None,
    *,
    most: int | None = None,
    most_turns: int | None = None,
) -> Selection:
    return Selection(
        criteria="good ones",
        shapes=shapes or {},
        most=most,
        episodes=EpisodeChoice(most_turns=most_turns),
    )


CANDIDATES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.sampled_from(SHAPES), st.sampled_from("ab"))
).map(lambda rows: [candidate(place, *row) for place, row in enumerate(rows)])


def test_without_limits_all_are_chosen_best_first() -> None:
    rows = [candidate(1, 0.5), candidate(2, 2.0), candidate(3, 0.5)]
    chosen, refused = choose(rows, selection())
    assert [one.id for one in chosen] == ["e/002", "e/001", "e/003"]
    assert refused == []


def test_the_best_are_chosen_where_there_may_be_only_so_many() -> None:
    rows = [candidate(number, number) for number in range(5)]
    chosen, refused = choose(rows, selection(most=2))
    assert [one.score for one in chosen] == [4, 3]
    assert {why for _, why in refused} == {"2 better ones were chosen"}


def test_a_shape_takes_its_share_though_others_score_higher() -> None:
    rows = [candidate(n, 9) for n in range(20)]
    rows += [candidate(n, 1, "plan/first", "p") for n in range(20)]
    chosen, refused = choose(rows, selection({"plan/*": 0.3}, most=10))
    assert Counter(one.shape for one in chosen) == {"log/first": 7, "plan/first": 3}
    assert "3 better ones of plan/* were chosen" in {why for _, why in refused}


def test_a_shape_that_is_rare_makes_the_set_smaller_instead_of_one_sided() -> None:
    rows = [candidate(n, 9) for n in range(20)]
    rows += [candidate(n, 1, "plan/first", "p") for n in range(3)]
    chosen, _ = choose(rows, selection({"plan/*": 0.5, "log/*": 0.5}))
    assert Counter(one.shape for one in chosen) == {"log/first": 4, "plan/first": 3}


def test_uneven_shares_lose_no_turns_to_rounding() -> None:
    rows = [candidate(n, 1, shape, shape) for shape in SHAPES for n in range(100)]
    shares = {"log/first": 0.37, "log/*": 0.35, "plan/*": 0.28}
    chosen, _ = choose(rows, selection(shares, most=99))
    assert [Counter(one.shape for one in chosen)[shape] for shape in SHAPES] == [36, 35, 28]
    few = [*rows[:58], *rows[100:102], *rows[200:205]]
    chosen, _ = choose(few, selection({"log/first": 0.4, "log/*": 0.3, "plan/*": 0.3}, most=400))
    assert [Counter(one.shape for one in chosen)[shape] for shape in SHAPES] == [4, 2, 3]


def test_a_shape_counts_for_the_first_pattern_it_matches() -> None:
    rows = [candidate(n, 1, shape) for n, shape in enumerate(SHAPES * 4)]
    chosen, _ = choose(rows, selection({"*/first": 0.5, "log/*": 0.25}, most=8))
    assert Counter(one.shape == "log/continue" for one in chosen) == {True: 3, False: 5}


def test_an_episode_gives_so_many_turns_and_keeps_its_balance() -> None:
    rows = [candidate(n, 9 + n) for n in range(20)]
    rows += [candidate(20 + n, 1, "plan/first") for n in range(20)]
    chosen, refused = choose(rows, selection({"plan/*": 0.4}, most_turns=5))
    assert Counter(one.shape for one in chosen) == {"log/first": 3, "plan/first": 2}
    assert {why for _, why in refused} == {"5 turns of its episode go before it"}


@given(rows=CANDIDATES, most=st.none() | st.integers(1, 8), most_turns=st.none() | st.just(3))
def test_limits_hold_and_everyone_is_chosen_or_refused_once(
    rows: list[Candidate], most: int | None, most_turns: int | None
) -> None:
    shares = {"log/first": 0.5, "log/*": 0.25, "plan/*": 0.25}
    chosen, refused = choose(rows, selection(shares, most=most, most_turns=most_turns))
    assert sorted([*chosen, *(one for one, _ in refused)]) == sorted(rows)
    counts = Counter(one.shape for one in chosen)
    assert counts["log/first"] < 0.5 * len(chosen) + 1
    assert counts["log/continue"] < 0.25 * len(chosen) + 1
    assert counts["plan/first"] < 0.25 * len(chosen) + 1
    assert most is None or len(chosen) <= most
    for episode in "ab":
        assert most_turns is None or sum(o.episode == episode for o in chosen) <= most_turns
    assert choose(reversed(rows), selection(shares, most=most, most_turns=most_turns))[0] == chosen
