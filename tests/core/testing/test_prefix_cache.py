"""A model of an engine's prefix cache."""

from __future__ import annotations

from automem.testing.prefix_cache import PrefixCache, rendered, tokens_of

BLOCK = 64
"""Characters of sixteen tokens."""


def test_a_prompt_finds_the_blocks_of_what_began_like_it() -> None:
    cache = PrefixCache()
    first = "a" * 3 * BLOCK + "end"
    assert cache.find("base", first) == (49, 0, "")
    cache.keep("base", first)
    assert cache.find("base", "a" * 2 * BLOCK + "b" * 40).cached == 32
    assert cache.find("base", "b" + first).cached == 0
    assert (cache.queries, cache.hits) == (49 + 42 + 49, 32)


def test_the_last_token_is_always_computed_anew() -> None:
    cache = PrefixCache()
    prompt = "a" * 2 * BLOCK
    cache.keep("base", prompt)
    assert cache.find("base", prompt) == (32, 16, "")
    assert cache.find("base", prompt + "b").cached == 32


def test_spaces_share_nothing() -> None:
    cache = PrefixCache()
    cache.keep("base", "a" * BLOCK)
    assert cache.find("adapter", "a" * BLOCK + "b").cached == 0
    assert cache.find("base", "a" * BLOCK + "b").cached == 16


def test_a_block_says_what_computed_it_first() -> None:
    cache = PrefixCache()
    cache.keep("m", "a" * BLOCK, origin="old")
    cache.keep("m", "a" * BLOCK + "b" * BLOCK, origin="new")
    assert cache.find("m", "a" * BLOCK + "b" * BLOCK + "c").origin == "old"


def test_a_full_cache_gives_up_what_was_used_longest_ago_from_its_end() -> None:
    cache = PrefixCache(most_blocks=3)
    cache.keep("m", "a" * 2 * BLOCK)
    cache.keep("m", "b" * BLOCK)
    cache.find("m", "a" * 2 * BLOCK + "x")
    cache.keep("m", "c" * BLOCK)
    assert len(cache) == 3
    assert cache.find("m", "b" * BLOCK + "x").cached == 0
    assert cache.find("m", "a" * 2 * BLOCK + "x").cached == 32
    cache.keep("m", "d" * 2 * BLOCK)
    assert cache.find("m", "a" * 2 * BLOCK + "x").cached == 16


def test_a_conversation_that_goes_on_finds_itself_and_the_answer_again() -> None:
    messages = [{"role": "system", "content": "s" * 100}, {"role": "user", "content": "u" * 100}]
    reply = "r" * 100
    longer = [
        *messages,
        {"role": "assistant", "content": reply},
        {"role": "user", "content": "more"},
    ]
    cache = PrefixCache()
    cache.keep("m", rendered(messages) + reply)
    found = cache.find("m", rendered(longer))
    assert found.cached == tokens_of(rendered(messages) + reply) // 16 * 16
