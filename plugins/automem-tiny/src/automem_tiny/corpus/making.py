"""`python -m automem_tiny.corpus.making`: teacher's episodes, written down as lessons."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random
from typing import Final

import anyio
import msgspec

from automem.files import replacing
from automem_tiny.corpus.game import crafter
from automem_tiny.corpus.playing import Stage
from automem_tiny.corpus.teaching import Mixture, Teacher, words_of
from automem_tiny.corpus.variants import drawn, variant
from automem_tiny.corpus.writing import Notebook

MIXTURE: Final = Mixture(consults=0.42, searches=0.4)
"""How the base model's habits are mixed; at a temperature of 0.5 the rarer ones are rarer still."""
HANDED_OVER: Final = 0.2
"""The share of episodes that are played as by two roles."""


def main() -> None:
    """Play the episodes that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("out", type=Path)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=600)
    given = parser.parse_args()
    anyio.run(_make, given.out, given.first, given.episodes, given.steps)


async def _make(out: Path, first: int, episodes: int, steps: int) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    game = crafter()
    encode = msgspec.json.Encoder().encode
    with replacing(out) as stream:
        for seed in range(first, first + episodes):
            luck = Random(seed)  # noqa: S311 - games, not secrets
            name = drawn(luck)
            stage = Stage(game, variant(name, luck), steps, luck.random() < HANDED_OVER)
            notebook = Notebook(Teacher(words_of(stage.scaffold), MIXTURE, luck), seed, luck)
            tally = await stage.play(seed, notebook, notebook.change)
            notebook.close()
            stream.writelines(encode(lesson) + b"\n" for lesson in notebook.lessons)
            sys.stderr.write(f"{name} {seed}: {tally.steps} steps, {tally.progression:.2f}\n")


if __name__ == "__main__":
    main()
