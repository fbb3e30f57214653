"""Recorded episodes of the benchmark, played again under the benchmark's own engine.

The recordings of Boxoban were made over the whole set of levels, which is not kept here. The level
of each seed is taken from its first picture and put where the seed looks for it; so everything but
the choice of the level is checked.
"""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from pathlib import Path

import anyio
import msgspec
import pytest

from automem.evaluate.verify import read_source, verify_in_worker
from automem.plugins import load_plugins
from automem.setups.make import find_setup, make

GOLDEN = Path(__file__).parents[2] / "golden"
RECORDINGS = sorted(
    path for game in ("nethack", "minihack") for path in (GOLDEN / game).glob("*/*.jsonl.gz")
)
LEVELS = {"hard": (1000, 1000, 1000, 332), "medium": (1000,) * 450}
"""How many levels each file of the official set holds."""
ANY_LEVEL = "##########\n" * 4 + "#@ $  .  #\n" + "##########\n" * 5

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]


class FirstPicture(msgspec.Struct):
    """What of a transition shows a level."""

    seed: int
    step: int
    long_term_context: str


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The interpreter of the benchmark's engine, in a home of its own."""
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("AUTOMEM_HOME", str(tmp_path_factory.mktemp("home")))
        setup = find_setup("nethack-balrog", load_plugins())
        assert make(setup, [].append, environ=os.environ)
        yield


@pytest.fixture(scope="module")
def boxoban(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the official one, with the levels that were played at their places."""
    root = tmp_path_factory.mktemp("boxoban")
    for difficulty, files in LEVELS.items():
        (root / difficulty).mkdir()
        placed = dict(_placed(difficulty, sum(files)))
        first = 0
        for number, count in enumerate(files):
            levels = (placed.get(first + n, ANY_LEVEL) for n in range(count))
            text = "".join(f"; {n}\n{level}\n" for n, level in enumerate(levels))
            (root / difficulty / f"{number:03d}.txt").write_text(text, encoding="ascii")
            first += count
    return root


def _placed(difficulty: str, count: int) -> Iterator[tuple[int, str]]:
    name = f"minihack_MiniHack-Boxoban-{difficulty.title()}-v0_uniform.jsonl.gz"
    with gzip.open(GOLDEN / "minihack" / "balrog" / name, "rt", encoding="utf-8") as lines:
        for line in lines:
            shown = msgspec.json.decode(line, type=FirstPicture)
            if shown.step < 0:
                picture = shown.long_term_context.split("map:\n")[1].split("\n")[:21]
                rows = [row.strip() for row in picture if row.strip()]
                level = "".join(row.translate(str.maketrans(".{`", " .$")) + "\n" for row in rows)
                yield random.Random(shown.seed).randrange(count), level


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_recording_is_matched_to_the_last_transition(path: Path, boxoban: Path) -> None:
    source = read_source(path)
    spec = load_plugins().get("environment", source.environment)
    options = {"boxoban_folder": str(boxoban)} if source.environment == "minihack" else {}
    found = anyio.run(verify_in_worker, path, spec, source, options)
    assert found.first_difference is None
    assert found.matched == found.total > 10
