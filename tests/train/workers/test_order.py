"""Which examples are learned when, and how fast."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.records.training import LoraSettings
from automem_train.workers.order import Plan, factor, order_of


def plan(examples: int, processes: int = 1, **settings: object) -> Plan:
    lora = LoraSettings(**{"batch": 2, "accumulate": 3, "epochs": 2, **settings})  # pyright: ignore[reportArgumentType]
    return Plan(lora, examples, processes)


def test_an_order_is_the_same_on_every_machine() -> None:
    assert order_of(0, 0, 8) == [0, 3, 7, 4, 1, 5, 2, 6]
    assert order_of(0, 1, 8) != order_of(0, 0, 8) != order_of(1, 0, 8)


@given(examples=st.integers(1, 60), processes=st.integers(1, 4), batch=st.integers(1, 4))
def test_every_epoch_learns_every_example_once(examples: int, processes: int, batch: int) -> None:
    made = plan(examples, processes, batch=batch)
    for epoch in range(2):
        steps = range(epoch * made.steps_per_epoch + 1, (epoch + 1) * made.steps_per_epoch + 1)
        seen = [one for number in steps for one in made.step(number)]
        assert sorted(seen) == list(range(examples))
        assert made.ends_epoch(steps[-1])
        assert made.epoch(steps[-1]) == epoch + 1
    assert made.steps == 2 * made.steps_per_epoch


@given(examples=st.integers(1, 60), processes=st.integers(1, 4), batch=st.integers(1, 4))
def test_processes_share_a_step_in_as_many_passes_each(
    examples: int, processes: int, batch: int
) -> None:
    made = plan(examples, processes, batch=batch)
    for number in range(1, made.steps + 1):
        shares = [made.passes(number, process) for process in range(processes)]
        assert len({len(share) for share in shares}) == 1
        assert all(len(one) <= batch for share in shares for one in share)
        assert sorted(one for share in shares for row in share for one in row) == sorted(
            made.step(number)
        )


def test_two_processes_with_half_the_batch_learn_the_same_steps_as_one() -> None:
    one, two = plan(20, batch=4), plan(20, processes=2, batch=2)
    assert [one.step(n) for n in range(1, 5)] == [two.step(n) for n in range(1, 5)]


def test_the_rate_rises_and_falls_as_in_transformers() -> None:
    rates = [factor(done, 10, "cosine", 0.15) for done in range(10)]
    falling = [0.5 * (1 + math.cos(math.pi * at / 8)) for at in range(8)]
    assert rates == pytest.approx([0.0, 0.5, *falling])
    assert [factor(done, 4, "linear", 0.0) for done in range(4)] == [1.0, 0.75, 0.5, 0.25]
    assert [factor(done, 4, "constant", 0.25) for done in range(4)] == [0.0, 1.0, 1.0, 1.0]


def test_the_only_step_of_a_training_learns_something() -> None:
    assert plan(3, epochs=1, learning_rate=0.1).learning_rate(1) == 0.1
