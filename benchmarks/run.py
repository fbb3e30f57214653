"""Prints the figures of the benchmarks as one Markdown table.

python benchmarks/run.py [NAME ...], where a name is one of the modules below.
"""

from __future__ import annotations

import argparse
import importlib

from figures import Figure, table

NAMES = ("start", "games", "calls", "episodes", "many")


def main() -> None:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(description="Measure what AutoMem costs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    figures: list[Figure] = []
    for name in names:
        figures += importlib.import_module(name).measure()
    print(table(figures))


if __name__ == "__main__":
    main()
