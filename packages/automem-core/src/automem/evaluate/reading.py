"""What paired differences say in a sentence that promises no more than they can."""

from __future__ import annotations

from automem.evaluate.statistics import Paired

ALPHA = 0.05


def reading(result: Paired, p: float | None = None) -> str:
    """Whether a difference can be chance; `p` takes the place of its own, such as Holm's."""
    if result.smallest_p == 1.0 and result.mean_difference == 0:
        return f"no difference in any of {result.n} pairs"
    if result.smallest_p > ALPHA:
        return (
            f"a hint: {result.n} pairs like these cannot reach p = {ALPHA:g}, "
            "however large the difference"
        )
    if (result.p_signflip if p is None else p) <= ALPHA:
        return f"unlikely to be chance (p at most {ALPHA:g})"
    return "may be chance"
