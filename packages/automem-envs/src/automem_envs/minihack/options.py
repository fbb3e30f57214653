"""What a configuration may say about MiniHack."""

from __future__ import annotations

from automem_envs.nethack.options import DungeonOptions


class MiniHackOptions(DungeonOptions):
    """`[environment]` keys beyond the name."""

    boxoban_folder: str | None = None
    """A folder with `hard/` and `medium/`; without it, what `automem setup boxoban` made."""
