"""What a review of a recipe is told besides the task of every review."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from automem.records._struct import Record

Count = Annotated[int, Meta(ge=1)]


class RecipeWork(Record):
    """One recipe that is to be written."""

    environment: str
    """Whose priors come first."""
    configurations: Count = 2
    """LoRA configurations that the recipe may have."""
    base: str = ""
    """The model that is trained, as the configuration names it."""
    parameters: int | None = None
    """How large it is, where that is known."""
    previous: str = ""
    """The overlay that this one begins with, below the run's folder, such as
    `reviews/t001-a/overlay`; empty begins with a recipe of a prior's settings."""
    tried: tuple[str, ...] = ()
    """Overlays of recipes that were trained on turns of the same evaluations: the same recipe
    once more is not accepted."""
