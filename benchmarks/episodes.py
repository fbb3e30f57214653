"""What a step costs the host, what an episode keeps in memory, what a trace takes on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine_process import engine_process
from evaluations import Played, play
from figures import Figure

DELAY_SECONDS = 0.05
EPISODES = 10
SHORT_STEPS, LONG_STEPS = 40, 240
MANY = 50


def measure() -> list[Figure]:
    """The figures of this file."""
    with tempfile.TemporaryDirectory() as name, engine_process(DELAY_SECONDS) as engine:
        folder, url = Path(name), engine.url
        seeds = f"1-{EPISODES}"
        short = play(folder, url, seeds=seeds, steps=SHORT_STEPS, name="short")
        asked = engine.get("/calls")["received"]
        long = play(folder, url, seeds=seeds, steps=LONG_STEPS, name="long")
        asked = engine.get("/calls")["received"] - asked
        one = play(folder, url, seeds="1-1", steps=40, name="one", samples_memory=True)
        many = play(folder, url, seeds=f"1-{MANY}", steps=40, name="many", samples_memory=True)
        sizes = [_trace_bytes(played) / _steps(played) for played in (short, long)]
        steps = _steps(long) - _steps(short)
        milliseconds = (long.cpu_seconds - short.cpu_seconds) / steps * 1000
        megabytes = (many.peak_bytes - one.peak_bytes) / (MANY - 1) / 1e6
        calls = asked / _steps(long)
    about = (
        f"{LONG_STEPS} steps less {SHORT_STEPS}, {EPISODES} seeds, {calls:.2f} calls a step, "
        f"{DELAY_SECONDS * 1000:.0f} ms engine"
    )
    return [
        Figure("host CPU per step", f"{milliseconds:.2f} ms", about, "at most 2.5 ms"),
        Figure(
            "memory per concurrent episode",
            f"{megabytes:.1f} MB",
            f"{MANY} episodes less one, host and workers",
            "at most 8 MB",
        ),
        Figure(
            "compacted trace per step",
            f"{sizes[1]:.0f} bytes ({sizes[0]:.0f} at {SHORT_STEPS} steps)",
            f"mean of {EPISODES} episodes of {LONG_STEPS} steps",
            "at most 1,000 bytes",
        ),
    ]


def _steps(played: Played) -> int:
    return sum(episode["totals"]["steps"] for episode in played.evaluation["episodes"])


def _trace_bytes(played: Played) -> int:
    found = list(played.folder.glob("evaluations/*/episodes/*/*/trace.jsonl.zst"))
    if len(found) != EPISODES:
        raise RuntimeError(f"{len(found)} of {EPISODES} traces in {played.folder} are compacted")
    return sum(path.stat().st_size for path in found)
