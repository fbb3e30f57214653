"""What this package offers, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import Spec, hookimpl


@hookimpl
def automem_scaffolds() -> list[Spec]:
    """Terse scaffolds for small models."""
    return [
        Spec(
            name="crafter-tiny-v0",
            make="automem_tiny.folders:crafter_tiny_v0",
            summary="Crafter for small models: two files that are appended to",
        ),
        Spec(
            name="crafter-tiny-map",
            make="automem_tiny.folders:crafter_tiny_map",
            summary="Crafter for small models: a keyed map, position and goal in every prompt",
        ),
    ]
