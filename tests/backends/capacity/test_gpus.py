"""GPUs that are found, and GPUs that are named."""

from __future__ import annotations

import pytest

from automem.errors import ConfigError
from automem_backends.capacity.gpus import GIB, MIB, Gpu, Supply, found, named, table


def lists(answer: str | None) -> Supply:
    return found(lambda *_: answer)


def test_those_of_the_machine_have_a_little_less_than_the_driver_counts() -> None:
    supply = lists("NVIDIA H100 80GB HBM3, 81559\nNVIDIA GeForce RTX 4090, 24564")
    assert supply.origin == "found"
    assert [gpu.name for gpu in supply.gpus] == ["NVIDIA H100 80GB HBM3", "NVIDIA GeForce RTX 4090"]
    assert [round(gpu.memory_bytes / GIB, 1) for gpu in supply.gpus] == [78.9, 23.5]


@pytest.mark.parametrize("answer", [None, "", "NVIDIA GB10, [N/A]"])
def test_without_a_gpu_whose_memory_is_known_there_is_none(answer: str | None) -> None:
    assert lists(answer) == Supply(origin="none")


def test_a_name_alone_means_as_many_as_needed() -> None:
    supply = named("H100-80G")
    taken = supply.take((4, 5, 6), 3)
    assert taken is not None
    assert [gpu.name for gpu in taken] == ["h100-80g"] * 3


def test_a_name_and_a_number_mean_no_more_than_that() -> None:
    supply = named("a100-40g, 2")
    assert len(supply.gpus) == 2
    # Their numbers are those of another machine.
    assert len(supply.take((6, 7), 2) or ()) == 2
    assert supply.take((), 3) is None


def test_gpus_of_this_machine_are_taken_by_their_numbers() -> None:
    small, large = Gpu(name="small", memory_bytes=MIB), Gpu(name="large", memory_bytes=GIB)
    supply = Supply(origin="found", gpus=(small, large))
    assert supply.take((1,), 1) == (large,)
    assert supply.take((), 1) == (small,)
    assert supply.take((2,), 1) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("h100-80", "did you mean 'h100-80g'"),
        ("quantum", "there are: t4-16g"),
        ("h100-80g,0", "write how many behind the comma"),
        ("h100-80g,many", "write how many behind the comma"),
    ],
)
def test_what_is_no_gpu_is_refused_with_those_that_are(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        named(text)


def test_the_table_never_promises_more_than_is_sold() -> None:
    sizes = [gpu.memory_bytes for gpu in table()]
    assert sizes == sorted(sizes)
    for gpu in table():
        sold = int(gpu.name.rpartition("-")[2].removesuffix("g"))
        assert 0.88 * sold < gpu.memory_bytes / GIB < sold
