"""Pictures with and without the flicker of the night."""

from __future__ import annotations

from automem.records.environment import Frame
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions

NIGHT = 250
"""Steps until it is dark."""


def asleep(options: CrafterOptions, pictures: int) -> tuple[list[Frame], str]:
    """Pictures taken one after another at night, and what is seen a step later."""
    game = Crafter("default", options)
    game.reset(3)
    for _ in range(NIGHT):
        game.step("Noop")
    frames = [frame for _ in range(pictures) if (frame := game.frame()) is not None]
    return frames, game.step("Noop").observation.text


def test_the_night_does_not_flicker_where_pages_hold_thousands_of_pictures() -> None:
    compact = CrafterOptions(**CrafterOptions.compact_pictures)
    (quiet, again), after = asleep(compact, 2)
    assert quiet == again and (quiet.width, quiet.height) == (144, 144)
    (noisy,), same = asleep(CrafterOptions(frame_pixels=144), 1)
    assert noisy.rgb != quiet.rgb
    assert after == same, "drawing leaves the game as it was"
