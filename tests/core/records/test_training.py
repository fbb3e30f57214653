"""The key of a training: two of them share a folder only where they would learn the same."""

from typing import Any

import pytest
from msgspec.structs import replace

from automem.records.training import LoraSettings, TrainingJob

JOB = TrainingJob(
    trainer="peft",
    base="org/base",
    data="d" * 16,
    examples="/here/examples.jsonl",
    examples_sha256="e" * 64,
    lora=LoraSettings(),
)


@pytest.mark.parametrize(
    "other",
    [
        {"trainer": "unsloth"},
        {"base": "org/other"},
        {"examples_sha256": "f" * 64},
        {"lora": LoraSettings(seed=1)},
        {"precision": "float32"},
        {"checkpointing": True},
        {"processes": 2},
    ],
)
def test_trainings_that_learn_otherwise_have_folders_of_their_own(other: dict[str, Any]) -> None:
    assert replace(JOB, **other).key != JOB.key


@pytest.mark.parametrize(
    "other",
    [
        {"examples": "/elsewhere/examples.jsonl"},
        {"data": "a" * 16},
        {"save_seconds": 0.0},
        {"evaluation": "100 train seeds"},
    ],
)
def test_the_same_examples_under_another_name_are_the_same_training(other: dict[str, Any]) -> None:
    assert replace(JOB, **other).key == JOB.key
