"""What share of a played episode's prompt tokens an engine finds in its prefix cache.

Episodes of the rules player are played once for each way to play; then all their prompts go
through a model of a cache of 16-token blocks, in the order in which episodes that are played at
the same time, step by step, send them. A token is taken to be four characters; a conversation is
rendered as ChatML. What is found again is whole blocks from the very beginning, the answer of the
turn before included, and never a prompt's last token.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import tomli_w
from evaluations import evaluation_of
from figures import Figure

from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.episode.views import StepView, steps_of
from automem.records.model import Message
from automem.testing.prefix_cache import BLOCK_TOKENS, PrefixCache, rendered

SEEDS = "42-45"
STEPS = 500
BOUNDED_TOKENS = 16_384
"""Of the bounded cache, for all episodes together."""
NEEDED = 0.75
SCAFFOLDS = ("crafter-v0", "crafter-map")
BASELINES = {"window": False, "window, chain of thought": True}
Tables = dict[str, Any]


@dataclass(slots=True)
class Caches:
    """One cache of a size for whoever asks: roles on one model share it, adapters do not."""

    most_blocks: int | None
    is_shared: bool
    cache: PrefixCache = field(init=False)
    asked: Counter[str] = field(default_factory=Counter[str])
    found: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        self.cache = PrefixCache(most_blocks=self.most_blocks)

    def ask(self, role: str, prompt: str, reply: str) -> None:
        """Take one call."""
        space = "model" if self.is_shared else role
        found = self.cache.find(space, prompt)
        self.cache.keep(space, prompt + reply)
        self.asked[role] += found.tokens
        self.found[role] += found.cached

    @property
    def share(self) -> float:
        """Of all prompt tokens."""
        return self.found.total() / self.asked.total()

    def by_role(self) -> str:
        """`memory 80 %, gameplay 75 %`."""
        return ", ".join(
            f"{role} {self.found[role] / tokens:.1%}" for role, tokens in self.asked.items()
        )


def measure() -> list[Figure]:
    """The figures of this file."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        for scaffold in SCAFFOLDS:
            for two in (False, True):
                roles: Tables = {"default": {"backend": "rules"}}
                if two:
                    roles["memory"] = {"adapter": "memory"}
                tables: Tables = {"scaffold": {"from": scaffold}, "roles": roles}
                title = f"{scaffold}, {'memory on an adapter' if two else 'one model'}"
                played = _play(Path(name), title, tables)
                figures.append(_figure(title, played, is_shared=not two, is_bound=True))
        for title, thinks in BASELINES.items():
            agent = {"name": "window", "chain_of_thought": thinks}
            tables = {"agent": agent, "roles": {"default": {"backend": "rules"}}}
            figures.append(_figure(title, _play(Path(name), title, tables), is_shared=True))
    return figures


def _figure(
    title: str, episodes: list[EpisodeFolder], *, is_shared: bool, is_bound: bool = False
) -> Figure:
    sizes = (None, BOUNDED_TOKENS // BLOCK_TOKENS)
    unlimited, bounded = (Caches(size, is_shared) for size in sizes)
    for role, prompt, reply in _calls(episodes):
        unlimited.ask(role, prompt, reply)
        bounded.ask(role, prompt, reply)
    return Figure(
        f"prompt tokens found in the cache: {title}",
        f"{unlimited.share:.1%} ({unlimited.by_role()}); {bounded.share:.1%} in "
        f"{BOUNDED_TOKENS:,} tokens",
        f"rules player, Crafter, seeds {SEEDS} side by side, {STEPS} steps at most, "
        f"{unlimited.asked.total():,} prompt tokens of 4 characters",
        f"at least {NEEDED:.0%}" if is_bound else "",
    )


def _play(folder: Path, title: str, tables: Mapping[str, Any]) -> list[EpisodeFolder]:
    name = title.replace(" ", "-").replace(",", "")
    config = folder / f"{name}.toml"
    whole = {
        "run": {"name": name, "folder": str(folder / "runs")},
        "environment": {"name": "crafter", "max_steps": STEPS},
        "seeds": {"search": SEEDS},
        **tables,
    }
    config.write_text(tomli_w.dumps(whole), encoding="utf-8")
    evaluation_of(config)
    found = sorted((folder / "runs" / name).glob("evaluations/*/episodes/*/*"))
    return [EpisodeFolder(path) for path in found]


def _calls(episodes: list[EpisodeFolder]) -> Iterator[tuple[str, str, str]]:
    """Role, prompt and reply of every call: step by step, all episodes in turn."""
    plays = [steps_of(stream_events(trace_of(episode))) for episode in episodes]
    for steps in zip_longest(*plays):
        for step in steps:
            if step is not None:
                yield from _calls_of(step)


def _calls_of(step: StepView) -> Iterator[tuple[str, str, str]]:
    for phase in ("log", "plan"):
        talk: list[Message] = []
        for asked in step.turns(phase):
            talk += asked.messages
            prompt = rendered([{"role": m.role, "content": m.content} for m in talk])
            yield asked.role, prompt, asked.reply
            talk.append(Message(role="assistant", content=asked.reply))
