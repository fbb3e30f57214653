"""Crafter's text steps per second on one core, resets apart."""

from __future__ import annotations

import random
import time

from figures import Figure

from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions

SEEDS = range(42, 47)
STEPS = 1000


def measure() -> list[Figure]:
    """The figures of this file."""
    stepping = resetting = 0.0
    steps = 0
    for seed in SEEDS:
        game = Crafter("default", CrafterOptions())
        chosen = random.Random(seed).choices(game.info.actions, k=STEPS)
        began = time.process_time()
        game.reset(seed)
        resetting += time.process_time() - began
        began = time.process_time()
        for action in chosen:
            steps += 1
            if game.step(action).ended is not None:
                break
        stepping += time.process_time() - began
        game.close()
    about = f"{steps:,} random actions of {len(SEEDS)} worlds, one core"
    return [
        Figure("Crafter text steps", f"{steps / stepping:,.0f}/s", about, "at least 1,200/s"),
        Figure("Crafter reset", f"{resetting / len(SEEDS) * 1000:.0f} ms", about),
    ]
