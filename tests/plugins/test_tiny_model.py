"""The model that ships: its tokenizer has its words whole, and nothing that it says is refused."""

from __future__ import annotations

import anyio
import pytest

from automem.scaffold.load import load_scaffold
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions
from automem_tiny.corpus.asking import Lockstep, Pupil
from automem_tiny.corpus.playing import Stage
from automem_tiny.corpus.variants import NAMES
from automem_tiny.engine import Engine
from automem_tiny.engine.shape import read_shape
from automem_tiny.engine.text import read_text
from automem_tiny.folders import model, scaffold

SEED = 90_002
STEPS = 20
DIRECTIONS = ("north", "south", "west", "east")
WORDS = (*DIRECTIONS, *(f" {one}" for one in DIRECTIONS), " moved", " still")
"""As a state has them: the way it faces has no space before it."""


def test_the_words_of_a_state_are_one_token_each() -> None:
    encode = read_text(model(), read_shape(model())).tokenizer.encode
    pieces = {word: len(encode(word, add_special_tokens=False).ids) for word in WORDS}
    assert pieces == dict.fromkeys(WORDS, 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_model_that_ships_says_nothing_that_is_refused(name: str) -> None:
    stage = Stage(Crafter("default", CrafterOptions()), load_scaffold(scaffold(name)), STEPS)
    lockstep = Lockstep(Engine.load(model(), at_once=1), living=1)
    tally = anyio.run(stage.play, SEED, Pupil(lockstep, 0.0, SEED))
    assert tally.steps == STEPS
    assert tally.operations >= STEPS - 1
    assert (tally.bad_operations, tally.bad_actions) == (0, 0)
