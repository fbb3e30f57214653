"""How far two sequences of tokens agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automem_backends.local.prefixes import packed, shared

TOKENS = st.lists(st.integers(0, 300_000), max_size=30)


@given(TOKENS, TOKENS, TOKENS)
def test_what_two_sequences_share_is_their_common_beginning(
    begin: list[int], one: list[int], other: list[int]
) -> None:
    first, second = [*begin, *one], [*begin, *other]
    length = shared(packed(first), packed(second))
    assert length >= len(begin)
    assert first[:length] == second[:length]
    assert length in (len(first), len(second)) or first[length] != second[length]
