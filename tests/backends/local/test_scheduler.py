"""Requests that share the steps of one model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from automem.errors import ServerError
from automem_backends.local.asked import Generation, Sampling, Weights

LONG = tuple(range(1, 90))


def tokens_of(answer: Any) -> list[int]:
    return [chosen.token for chosen in answer.tokens]


def test_an_answer_is_the_same_alone_and_among_others(bench: Any) -> None:
    prompts = [LONG[:20], LONG[5:70], LONG[:21], LONG[40:50]]
    adapter = Weights("a", "adapter")
    alone = [tokens_of(bench.answer(prompt, seed=3, temperature=1.0)) for prompt in prompts]
    adapted = tokens_of(bench.answer(prompts[0], weights=adapter, seed=3, temperature=1.0))
    together = [bench.submit(prompt, seed=3, temperature=1.0) for prompt in prompts]
    together.append(bench.submit(prompts[0], weights=adapter, seed=3, temperature=1.0))
    bench.finish(*together)
    assert [tokens_of(one.done.result()) for one in together] == [*alone, adapted]
    assert adapted != alone[0]


def test_another_seed_gives_another_answer(bench: Any) -> None:
    first, again, other = (
        tokens_of(bench.answer(LONG, seed=seed, temperature=1.0)) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_request_joins_while_another_one_is_answered(bench: Any) -> None:
    first = bench.submit(LONG[:10], max_tokens=20)
    for _ in range(5):
        bench.scheduler.advance()
    second = bench.submit(LONG[30:40], max_tokens=2)
    bench.finish(second)
    assert not first.done.done()
    assert max(len(parts) for parts in bench.model.steps) == 2
    bench.finish(first)


def test_a_long_prompt_is_computed_in_pieces_beside_running_answers(open_bench: Any) -> None:
    bench = open_bench(prompt_tokens=16)
    running = bench.submit(LONG[50:54], max_tokens=30)
    bench.scheduler.advance()
    long = bench.submit(LONG, max_tokens=1)
    bench.finish(long)
    pieces = [len(part.tokens) for parts in bench.model.steps for part in parts[1:]]
    assert pieces == [16, 16, 16, 16, 16, 9]
    assert len(running.tokens) == len(pieces) + 1


def test_a_conversation_that_grows_is_computed_once(bench: Any) -> None:
    first = bench.answer(LONG)
    assert first.cached_tokens == 0
    grown = (*LONG, *tokens_of(first), 7, 8, 9)
    second = bench.answer(grown)
    # The last token of the answer was chosen, and never computed.
    assert second.cached_tokens == len(LONG) + len(first.tokens) - 1
    assert second.prompt_tokens == len(grown)


def test_requests_that_arrive_together_share_their_beginning(bench: Any) -> None:
    both = [bench.submit((*LONG, last)) for last in (91, 92)]
    bench.finish(*both)
    assert [one.done.result().cached_tokens for one in both] == [0, len(LONG)]


def test_the_same_prompt_again_leaves_one_token_to_compute(bench: Any) -> None:
    first, second = bench.answer(LONG), bench.answer(LONG)
    assert second.cached_tokens == len(LONG) - 1
    assert tokens_of(first) == tokens_of(second)


def test_no_prefix_is_shared_between_models_versions_or_salts(bench: Any) -> None:
    old, new = Weights("a", "adapter"), Weights("a", "adapter")
    bench.answer(LONG)
    for how in ({"weights": old}, {"weights": new}, {"salt": "other"}):
        assert bench.answer(LONG, **how).cached_tokens == 0
        assert bench.answer(LONG, **how).cached_tokens == len(LONG) - 1


def test_what_an_unloaded_adapter_computed_is_dropped(bench: Any) -> None:
    adapter = Weights("a", "adapter")
    bench.answer(LONG, weights=adapter)
    late = bench.submit(LONG[:30], weights=adapter)
    bench.scheduler.advance()
    adapter.retired = True
    bench.scheduler.order(lambda: bench.scheduler.forget(adapter))
    bench.finish(late)
    assert late.done.result().ending == "length"
    assert bench.scheduler.load()[2] == 0.0


def test_what_was_not_used_for_longest_makes_room(open_bench: Any) -> None:
    # Two conversations of 10 bytes a token, and not three.
    bench = open_bench(cache_bytes=10 * 2 * (len(LONG) + 20))
    prompts = [(number, *LONG[1:]) for number in (91, 92, 93)]
    first, second, _ = [bench.answer(prompt) for prompt in prompts]
    # What a request is about to go on from is not dropped for it.
    assert bench.answer((*prompts[1], *tokens_of(second), 7)).cached_tokens == len(LONG) + 4
    assert bench.answer((*prompts[0], *tokens_of(first), 7)).cached_tokens == 0
    assert bench.scheduler.load()[2] <= 1.0


def test_requests_wait_for_memory_and_for_a_place(open_bench: Any) -> None:
    small = open_bench(cache_bytes=10 * (len(LONG) + 5))
    few = open_bench(sequences=1)
    for bench in (small, few):
        both = [bench.submit(LONG), bench.submit(LONG[::-1])]
        bench.scheduler.advance()
        assert bench.scheduler.load()[:2] == (1, 1)
        bench.finish(*both)


def test_one_request_alone_is_answered_however_long_it_may_become(open_bench: Any) -> None:
    bench = open_bench(cache_bytes=10)
    assert len(bench.answer(LONG).tokens) == 5


def test_a_cancelled_request_leaves_at_the_next_step(bench: Any) -> None:
    running = bench.submit(LONG, max_tokens=500)
    waiting = bench.submit(LONG, max_tokens=500)
    bench.scheduler.limits = bench.limits
    bench.scheduler.advance()
    assert running.done.cancel()
    assert waiting.done.cancel()
    bench.scheduler.advance()
    assert bench.scheduler.load()[:2] == (0, 0)
    assert bench.scheduler.counts.abandoned == 2
    assert bench.answer(LONG).cached_tokens == len(LONG) - 1


def test_a_request_that_is_cancelled_before_it_begins_is_never_computed(open_bench: Any) -> None:
    bench = open_bench(sequences=1)
    first = bench.submit(LONG[:5])
    second = bench.submit(LONG)
    bench.scheduler.advance()
    second.done.cancel()
    bench.finish(first)
    bench.scheduler.advance()
    assert bench.scheduler.counts.prompt_tokens == 5


def test_a_stop_string_ends_the_answer_and_is_named(bench: Any) -> None:
    whole = bench.answer(LONG, max_tokens=12)
    stop = whole.text[4:7]
    kept = bench.answer(LONG, max_tokens=12, stop=(stop, "zzzz"), keeps_stop=True)
    cut = bench.answer(LONG, max_tokens=12, stop=(stop, "zzzz"))
    assert (kept.text, kept.ending, kept.stop) == (whole.text[:7], "stop", stop)
    assert cut.text == whole.text[:4]
    assert len(kept.tokens) == 7


def test_the_models_own_end_ends_the_answer_unless_it_is_ignored(bench: Any) -> None:
    end = bench.answer(LONG).tokens[2].token
    bench.scheduler.ends = frozenset({end})
    ended, ignored = bench.answer(LONG), bench.answer(LONG, ignores_end=True)
    assert (len(ended.tokens), ended.ending) == (3, "stop")
    assert (len(ignored.tokens), ignored.ending) == (5, "length")


def test_a_step_that_fails_fails_its_requests_and_not_the_engine(bench: Any) -> None:
    bench.model.fails = lambda parts: len(parts[0].tokens) == 3
    bad = bench.submit(LONG[:3])
    bench.scheduler.advance()
    with pytest.raises(RuntimeError, match="out of memory"):
        bad.done.result()
    assert bench.scheduler.counts.failed == 1
    assert bench.answer(LONG[:4]).ending == "length"


def test_the_thread_serves_until_it_is_stopped(bench: Any, open_bench: Callable[..., Any]) -> None:
    thread = threading.Thread(target=bench.scheduler.run)
    thread.start()
    ordered = threading.Event()
    bench.scheduler.order(ordered.set)
    assert ordered.wait(30)
    assert bench.submit(LONG).done.result(30).ending == "length"
    endless = bench.submit(LONG, max_tokens=10**9)
    bench.scheduler.stop()
    thread.join(30)
    assert not thread.is_alive()
    with pytest.raises(ServerError, match="ended before"):
        endless.done.result(0)
    with pytest.raises(ServerError, match="is ending"):
        bench.submit(LONG)


def test_values_cannot_be_kept_before_anything_is_computed() -> None:
    from automem_backends.local.scheduler import kept

    generation = Generation(Weights("base", ""), (1, 2), Sampling(max_tokens=1))
    with pytest.raises(ValueError, match="nothing of this generation"):
        kept(generation)
