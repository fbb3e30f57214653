"""Lessons as tokens: rendered as the chat template does, moved as their text would be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import numpy as np
import pytest

from automem_tiny.engine.shape import read_shape
from automem_tiny.engine.text import read_text
from automem_tiny.folders import model
from automem_tiny.training.lessons import Encoder, Kind, example
from automem_tiny.training.moving import Mover
from automem_tiny.training.pools import Pools, tokens_of

SYSTEM = "Remember through files: x,y: what was seen where."
TALK = [
    {"role": "system", "content": SYSTEM},
    {"role": "user", "content": "PLAN.\n\n## State\nat -3,12 south, want tree 4,-60\n- food: 9/9"},
    {"role": "assistant", "content": "<|SEARCH|>places.txt|tree<|END|>"},
    {"role": "user", "content": "-12,5: tree, grass\n0,0: nothing"},
    {"role": "assistant", "content": "<|ACTION|>Move South<|END|>"},
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(model())


def slow_tokens(encoder: Encoder, talk: list[dict[str, str]]) -> list[int]:
    said = (f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in talk)
    return encoder.slowly("".join(said))


def test_tokens_are_those_of_the_whole_text(encoder: Encoder) -> None:
    assert example(TALK, encoder, last=False).tokens == slow_tokens(encoder, TALK)


def test_each_reply_is_learned_or_the_last_alone(encoder: Encoder) -> None:
    text = read_text(model(), read_shape(model()))

    def learned(last: bool) -> str:
        made = example(TALK, encoder, last=last)
        pairs = zip(made.tokens, made.kinds, strict=True)
        return text.tokenizer.decode(
            [token for token, kind in pairs if kind & Kind.REPLY], skip_special_tokens=False
        )

    assert learned(last=True) == "<|ACTION|>Move South<|END|><|im_end|>"
    assert learned(last=False) == (
        "<|SEARCH|>places.txt|tree<|END|><|im_end|><|ACTION|>Move South<|END|><|im_end|>"
    )


def test_the_system_message_is_what_lessons_share(encoder: Encoder) -> None:
    made = example(TALK, encoder, last=False)
    assert made.tokens[: made.shared] == slow_tokens(encoder, TALK[:1])


@pytest.mark.parametrize("seed", range(20))
def test_moving_tokens_is_moving_the_text(encoder: Encoder, seed: int) -> None:
    made = example(TALK, encoder, last=False)
    assert made.movable
    moved = Mover(encoder).moved(
        np.array(made.tokens), np.array(made.kinds, np.uint8), Random(seed)
    )
    luck = Random(seed)
    by = (luck.randint(-63 + 12, 63 - 4), luck.randint(-63 + 60, 63 - 12))
    talk = [
        {
            **one,
            "content": re.sub(
                r"(-?\d+),(-?\d+)",
                lambda found: f"{int(found[1]) + by[0]},{int(found[2]) + by[1]}",
                one["content"],
            ),
        }
        for one in TALK
    ]
    assert moved.tolist() == slow_tokens(encoder, talk)


@pytest.mark.parametrize("said", ["at 65,70 south", "1,2,3", "at 5,100"])
def test_what_is_not_a_pair_of_single_tokens_stays_where_it_is(encoder: Encoder, said: str) -> None:
    talk = [{"role": "user", "content": said}, {"role": "assistant", "content": "4,5"}]
    assert not example(talk, encoder, last=False).movable


def lessons(path: Path, seeds: range, *, last: bool = False) -> Path:
    lines = [
        json.dumps({"messages": TALK, "seed": seed, "phase": "plan", "last": last, "habit": "new"})
        for seed in seeds
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_fiftieth_seed_is_held_out(tmp_path: Path, encoder: Encoder) -> None:
    pools = Pools([tokens_of(lessons(tmp_path / "a.jsonl", range(45, 105)), encoder)])
    seeds = {int(one.lessons.table[one.row]["seed"]) for one in pools.held_out(10)}
    assert seeds == {50, 100}
    luck = Random(1)
    drawn = {pools.draw(luck, natural=number % 2 > 0).row + 45 for number in range(500)}
    assert drawn == {*range(45, 105)} - seeds


def test_tokens_are_made_once_for_a_file_and_a_tokenizer(tmp_path: Path, encoder: Encoder) -> None:
    path = lessons(tmp_path / "a.jsonl", range(1, 4))
    first = tokens_of(path, encoder)
    (folder,) = tmp_path.glob("*.tokens")
    made = folder.stat().st_mtime_ns
    assert np.array_equal(tokens_of(path, encoder).tokens, first.tokens)
    assert folder.stat().st_mtime_ns == made
    lessons(path, range(1, 5))
    assert len(tokens_of(path, encoder).table) == 4


def test_lessons_that_are_all_held_out_are_refused(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="no lesson of a teacher that is not held out"):
        Pools([tokens_of(lessons(tmp_path / "a.jsonl", range(50, 51)), encoder)])
