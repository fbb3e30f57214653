"""The next token of each row of logits, as its own request wants it chosen."""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Sequence

import torch

from automem_backends.local.asked import Chosen, Logprob, Sampling


def choose(logits: torch.Tensor, wanted: Sequence[tuple[Sampling, float]]) -> list[Chosen]:
    """One token a row; `wanted` says how, and gives the uniform draw that decides.

    A draw decides alone within the probabilities of its row, in the order of the vocabulary. So
    what a request gets depends on its own seed, and on its neighbors in the batch only as far as
    rounding does.
    """
    best = logits.argmax(-1).tolist()
    chosen: list[Chosen] = []
    for row, top, (sampling, draw) in zip(logits, best, wanted, strict=True):
        token = _drawn(row, sampling, draw) if sampling.temperature > 0.0 else top
        chosen.append(_described(row, token, sampling.logprobs))
    return chosen


def _drawn(row: torch.Tensor, sampling: Sampling, draw: float) -> int:
    scaled = row.double() / sampling.temperature
    if 0 < sampling.top_k < len(row):
        least = scaled.topk(sampling.top_k).values[-1]
        scaled = scaled.masked_fill(scaled < least, float("-inf"))
    shares = scaled.softmax(-1)
    if sampling.top_p < 1.0:
        ordered, order = shares.sort(descending=True)
        before = ordered.cumsum(-1) - ordered
        shares = shares.index_fill(0, order[before >= sampling.top_p], 0.0)
    sums = shares.cumsum(-1)
    at = torch.searchsorted(sums, sums[-1:] * draw, right=True)
    return min(int(at), len(row) - 1)


def _described(row: torch.Tensor, token: int, alternatives: int | None) -> Chosen:
    if alternatives is None:
        return Chosen(token=token)
    logs = row.log_softmax(-1)
    values, tokens = logs.topk(min(alternatives, len(row)))
    return Chosen(
        token=token,
        logprob=float(logs[token]),
        alternatives=tuple(
            Logprob(token=other, value=value)
            for other, value in zip(tokens.tolist(), values.tolist(), strict=True)
        ),
    )
