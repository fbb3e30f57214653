"""What this package offers, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import BackendSpec, Spec, hookimpl


@hookimpl
def automem_backends() -> list[Spec]:
    """A small model that runs without GPU, key, download or torch."""
    return [
        BackendSpec(
            name="tiny",
            make="automem_tiny.serving.backend:tiny_client",
            engine="automem_tiny.serving.backend:open_tiny",
            model="automem_tiny.folders:model",
            summary="A small model computed by NumPy; comes with one of its own.",
            config="automem_tiny.serving.options:TinyOptions",
            extra="automem-tiny",
            listens=False,
        )
    ]


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
