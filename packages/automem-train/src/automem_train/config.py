"""The section `[train]` of a configuration: who writes recipes, what trains, what judges."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from automem.loops.section import Count, LoopSection
from automem.records.config import Seeds
from automem.records.training import Precision

MOST_CONFIGURATIONS = 8
Configurations = Annotated[int, Meta(ge=1, le=MOST_CONFIGURATIONS)]
Rate = Annotated[float, Meta(gt=0.0)]


class TrainSection(LoopSection):
    """Keys of `[train]`."""

    key: ClassVar[str] = "train"

    trainer: str = "peft"
    """What trains: a trainer that a plugin offers; `automem plugins` lists them."""
    trainer_options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The trainer's own, in a table below the section."""
    base: str = ""
    """The model that is trained, a folder or a name on a model hub; empty is the memory role's."""
    precision: Precision = "bfloat16"
    """Of the base's weights while an adapter is trained."""
    checkpointing: bool = False
    """Compute activations again instead of keeping them: less memory, a third more time."""
    iterations: Count = 5
    """Recipes, one after the other."""
    configs: Configurations = 2
    """LoRA configurations that one recipe may have; each is trained and judged by itself."""
    patience: Count = 2
    """Recipes in a row that may bring nothing; then the loop ends."""
    fresh: Seeds = "1000 from 30000"
    """Seeds for the gate's last stage; each is used for one specialist, and never again."""
    tokens_per_second: Rate | None = None
    """Of training, for the estimate; None is what earlier trainings of the run measured."""
