"""Counts a data set while it is made, for its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from automem.memory.grammar import parse
from automem.records.config import RunConfig
from automem.run.seeds import parse_seeds
from automem_train.clean.cleaning import Cleaned
from automem_train.clean.draft import Vocabulary
from automem_train.dataset.record import Concentration, Coverage, DataSums, Example
from automem_train.select.reject import Reject, RejectReason

OTHER = "other"


@dataclass(slots=True)
class DataCount:
    """Sums over what was refused, cleaned and kept."""

    lists: Mapping[int, str]
    """Seed -> the list of the configuration it is in."""
    rejected: Counter[RejectReason] = field(default_factory=Counter[RejectReason])
    rules: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    chosen: Counter[str] = field(default_factory=Counter[str])
    """By shape."""
    shapes: Counter[str] = field(default_factory=Counter[str])
    """Examples by shape."""
    episodes: Counter[str] = field(default_factory=Counter[str])
    operations: Counter[str] = field(default_factory=Counter[str])
    seeds: Counter[str] = field(default_factory=Counter[str])
    talks: Counter[str] = field(default_factory=Counter[str])
    """Examples by the LOG or PLAN they are of."""
    prompt_tokens: int = 0
    longest_prompt: int = 0
    target_characters: int = 0
    earlier_fences: int = 0

    def refused(self, reject: Reject) -> None:
        """Count a turn that was not taken."""
        self.rejected[reject.reason] += 1

    def cleaned(self, cleaned: Cleaned) -> None:
        """Count what the rules did to a chosen turn's reply."""
        self.rules.update(cleaned.rules)
        if cleaned.dropped:
            self.rules[cleaned.dropped] += 1
        if cleaned.failed:
            self.failed[cleaned.failed] += 1

    def kept(self, example: Example, vocabulary: Vocabulary) -> None:
        """Count an example."""
        self.shapes[example.shape] += 1
        self.episodes[example.episode] += 1
        self.seeds[self.lists.get(example.seed, OTHER)] += 1
        self.talks[example.id.rpartition("/")[0]] += 1
        self.operations.update([one.name for one in parse(example.target, vocabulary).operations])
        self.prompt_tokens += example.prompt_tokens
        self.longest_prompt = max(self.longest_prompt, example.prompt_tokens)
        self.target_characters += len(example.target)
        earlier = [one.content for one in example.messages[:-1] if one.role == "assistant"]
        self.earlier_fences += any("```" in text for text in earlier)

    def sums(self, shapes: Mapping[str, int], episodes: Collection[str]) -> DataSums:
        """All of it; `shapes` and `episodes` are those of the table of turns."""
        return DataSums(
            examples=self.shapes.total(),
            rejected=dict(sorted(self.rejected.items())),
            rules=dict(sorted(self.rules.items())),
            failed=dict(sorted(self.failed.items())),
            shapes=self._coverage(shapes),
            episodes=self._concentration(episodes),
            operations=dict(sorted(self.operations.items())),
            seeds=dict(sorted(self.seeds.items())),
            prompt_tokens=self.prompt_tokens,
            longest_prompt=self.longest_prompt,
            target_characters=self.target_characters,
            earlier_fences=self.earlier_fences,
            several=sum(count for count in self.talks.values() if count > 1),
        )

    def _coverage(self, there: Mapping[str, int]) -> tuple[Coverage, ...]:
        """One line for each shape of the table, also for those without an example."""
        return tuple(
            [
                Coverage(
                    shape=shape,
                    turns=count,
                    chosen=self.chosen[shape],
                    examples=self.shapes[shape],
                )
                for shape, count in sorted(there.items())
            ]
        )

    def _concentration(self, episodes: Collection[str]) -> Concentration:
        """How the examples spread over the episodes of the table."""
        counts = self.episodes
        total = counts.total()
        largest = min(counts, key=lambda name: (-counts[name], name), default="")
        squares = sum(count * count for count in counts.values())
        return Concentration(
            episodes=len(counts),
            of=len(episodes),
            largest=largest,
            largest_share=counts[largest] / total if total else 0.0,
            effective=total * total / squares if squares else 0.0,
        )


def seed_lists(config: RunConfig | None) -> dict[int, str]:
    """Seed -> the name of its list. Raises ConfigError."""
    if config is None:
        return {}
    lists = {
        "search": config.seeds.search,
        "train": config.seeds.train,
        "report": config.seeds.report,
    }
    return {seed: name for name, seeds in lists.items() for seed in parse_seeds(seeds)}
