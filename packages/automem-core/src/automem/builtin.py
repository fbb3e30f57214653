"""What the core package offers by itself, through the hooks every plugin uses."""

from __future__ import annotations

from automem.hooks import hookimpl
from automem.spec import Spec


@hookimpl
def automem_gates() -> list[Spec]:
    """Rules that say keep or drop."""
    return [
        Spec(
            name="two_stage",
            make="automem.evaluate.gates.two_stage:TwoStageGate",
            summary="Search seeds in two looks, then fresh seeds and an exact test (default)",
            config="automem.evaluate.gates.options:TwoStageOptions",
        ),
        Spec(
            name="signflip",
            make="automem.evaluate.gates.signflip:SignFlipGate",
            summary="One exact paired test on the search seeds",
            config="automem.evaluate.gates.options:SignFlipOptions",
        ),
        Spec(
            name="paper",
            make="automem.evaluate.gates.paper:PaperGate",
            summary="The published rule: any larger mean; for comparison",
            config="automem.evaluate.gates.options:PaperOptions",
        ),
    ]
