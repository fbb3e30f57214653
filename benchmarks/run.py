"""Prints the figures of the benchmarks as one Markdown table.

python benchmarks/run.py [NAME ...], where a name is one of the modules below.
"""

from __future__ import annotations

import argparse

import behaviour
import calls
import episodes
import games
import jail
import local
import many
import memory
import nethack
import prefix
import small_model
import start
import tiny
import training
import turns
from figures import Figure, table

NEEDS_SETUP = ("local", "training", "small-model")
"""Measured only where they are named: they need interpreters that `automem setup` makes."""


def main() -> None:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(description="Measure what AutoMem costs.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="start, games, nethack, calls, episodes, memory, behaviour, turns, jail, local, tiny, "
        "training, small-model, many",
    )
    parser.add_argument("--episodes", type=int, default=many.EPISODES, help="of `many`")
    parser.add_argument("--steps", type=int, default=many.STEPS, help="of `many`")
    small_model.add_options(parser)
    given = parser.parse_args()
    measures = {
        "start": start.measure,
        "games": games.measure,
        "nethack": nethack.measure,
        "calls": calls.measure,
        "episodes": episodes.measure,
        "memory": memory.measure,
        "behaviour": behaviour.measure,
        "turns": turns.measure,
        "jail": jail.measure,
        "prefix": prefix.measure,
        "local": local.measure,
        "tiny": tiny.measure,
        "training": training.measure,
        "small-model": lambda: small_model.measure(small_model.settings_of(given)),
        "many": lambda: many.measure(given.episodes, given.steps),
    }
    unknown = set(given.names) - set(measures)
    if unknown:
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for name in given.names or [name for name in measures if name not in NEEDS_SETUP]:
        figures += measures[name]()
    print(table(figures))


if __name__ == "__main__":
    main()
