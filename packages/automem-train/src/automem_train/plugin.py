"""What this package offers to AutoMem, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import Spec, hookimpl


@hookimpl
def automem_commands() -> list[Spec]:
    """Training data."""
    return [
        Spec(
            name="data",
            make="automem_train.command.data:data",
            summary="Choose memory turns of a run to learn from, and export them.",
        )
    ]
