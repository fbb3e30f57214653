"""Whether one host keeps hundreds of episodes at once waiting for nothing but their model.

Making a world takes about a second of CPU, so the episodes begin one after the other; what counts
is the time in which all of them play. `STEPS` must be enough for the first not to end before the
last begins.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine_process import engine_process
from evaluations import play
from figures import Figure

DELAY_SECONDS = 1.0
EPISODES = 500
STEPS = 150


def measure(episodes: int = EPISODES, steps: int = STEPS) -> list[Figure]:
    """The figures of this file."""
    with tempfile.TemporaryDirectory() as name, engine_process(DELAY_SECONDS) as engine:
        play(Path(name), engine.url, seeds=f"1-{episodes}", steps=steps, name="many")
        arrivals: list[tuple[float, str]] = engine.get("/timeline")
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for seconds, identity in arrivals:
        episode = identity.rpartition("/")[0]
        first.setdefault(episode, seconds)
        last[episode] = seconds
    begin, end = max(first.values()), min(last.values())
    calls = sum(begin <= seconds < end for seconds, _ in arrivals)
    if len(first) != episodes or end - begin < 20:
        raise RuntimeError(
            f"{len(first)} episodes all played at once for {end - begin:.0f} s, too short to judge"
        )
    share = calls / (end - begin) / (episodes / DELAY_SECONDS)
    about = (
        f"{DELAY_SECONDS:.0f} s engine, {end - begin:.0f} s in which all {episodes} Crafter "
        "episodes play, on two cores"
    )
    return [
        Figure(
            f"{episodes} episodes at once",
            f"{share:.1%} of the ideal call rate",
            about,
            "at least 90 %",
        )
    ]
