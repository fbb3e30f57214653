"""`python -m automem_tiny.training.train`: from lessons to weights; goes on where it stopped."""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import bisect
import json
import math
import os
import re
import shutil
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")

from automem_tiny.training.lessons import Encoder, Example, example, shifted

BATCH: Final = 32
SHIFTED: Final = 0.5
"""The share of lessons that are moved over the map."""
NATURAL: Final = 0.75
"""From this share of the steps on lessons are drawn as they come."""
PER_BATCH: Final = 600.0
"""What a batch's sum of losses is divided by: a constant, so that short replies do not win."""
CORRECTED: Final = 0.4
"""The share of lessons in which the model itself played, where there are any."""
CHECKPOINT_SECONDS: Final = 120.0
_WEIGHT = re.compile(rb'"weight":([\d.]+)')


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("out", type=Path, help="folder with the tokenizer; the weights go there")
    parser.add_argument("lessons", type=Path, nargs="+")
    parser.add_argument("--size", default="small")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to begin with")
    given = parser.parse_args()
    Training(given).run()


def _take_tokenizer(start: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (start / name).exists():
            shutil.copy(start / name, out / name)


class Lessons:
    """Lessons by weight; kept as lines, since most are drawn seldom."""

    def __init__(self, paths: list[Path]) -> None:
        self.teacher = _Pool()
        self.corrected = _Pool()
        for path in paths:
            for line in path.read_bytes().splitlines():
                (self.corrected if b'"last":true' in line else self.teacher).add(line)

    def draw(self, luck: Random, *, natural: bool) -> dict[str, Any]:
        """One of them."""
        corrected = bool(self.corrected.lines) and luck.random() < CORRECTED
        return json.loads((self.corrected if corrected else self.teacher).draw(luck, natural))


class _Pool:
    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.sums: list[float] = []

    def add(self, line: bytes) -> None:
        """Take one in, with the weight it says."""
        found = _WEIGHT.search(line)
        self.lines.append(line)
        self.sums.append((self.sums[-1] if self.sums else 0.0) + (float(found[1]) if found else 1))

    def draw(self, luck: Random, natural: bool) -> bytes:  # noqa: FBT001
        """One by weight, or any."""
        if natural:
            return luck.choice(self.lines)
        index = bisect.bisect(self.sums, luck.random() * self.sums[-1])
        return self.lines[min(index, len(self.lines) - 1)]


class Training:
    """Own loop: weights in 32 bits, computed in bfloat16."""

    def __init__(self, given: argparse.Namespace) -> None:
        import torch

        from automem_tiny.training.network import make_network

        torch.set_num_threads(1)
        self.given = given
        if given.start:
            _take_tokenizer(given.start, given.out)
        self.torch = torch
        self.lessons = Lessons(given.lessons)
        self.encoder = Encoder(given.out)
        end, padding = self.encoder("<|im_end|>")[0], self.encoder("<|endoftext|>")[0]
        self.padding = padding
        self.network = make_network(given.size, self.encoder.size, end, padding, given.seed)
        if given.start:
            from transformers import LlamaForCausalLM

            old = LlamaForCausalLM.from_pretrained(given.start, dtype=torch.float32)
            self.network.load_state_dict(old.state_dict())
        # The flash kernel of the CPU takes half of a step in its backward pass.
        self.network.set_attn_implementation("eager")
        self.network.train()
        self.masters = [p.detach().clone() for p in self.network.parameters()]
        self.network.to(torch.bfloat16)
        names = [name for name, _ in self.network.named_parameters()]
        pairs = list(zip(names, self.masters, strict=True))
        layers = [m for name, m in pairs if m.ndim == 2 and "layers" in name]
        others = [m for name, m in pairs if m.ndim != 2 or "layers" not in name]
        self.optimizers = (
            torch.optim.Muon(
                layers, lr=given.rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(others, lr=given.rate, betas=(0.9, 0.98), weight_decay=0.0),
        )
        self.step = 0
        self.tokens = 0

    def run(self) -> None:
        """To the last step."""
        self._resume()
        began = saved = time.monotonic()
        total = replies = 0.0
        first = self.step
        while self.step < self.given.steps:
            loss, reply = self._step()
            total, replies = total + loss, replies + reply
            self.step += 1
            if self.step % 20 == 0:
                speed = self.tokens / (time.monotonic() - began)
                line = {
                    "step": self.step,
                    "loss": total / 20,
                    "reply": replies / 20,
                    "tokens_per_second": round(speed),
                    "after": first,
                }
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
                total = replies = 0.0
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()
        self._save()

    def _rate(self) -> float:
        steps, warm = self.given.steps, 60
        if self.step < warm:
            return self.given.rate * (self.step + 1) / warm
        share = (self.step - warm) / max(1, steps - warm)
        return self.given.rate * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * share)))

    def _batch(self) -> list[Example]:
        luck = Random(f"{self.given.seed}/{self.step}")  # noqa: S311 - games, not secrets
        natural = self.step >= NATURAL * self.given.steps
        chosen: list[Example] = []
        for _ in range(BATCH):
            lesson = self.lessons.draw(luck, natural=natural)
            messages = lesson["messages"]
            if luck.random() < SHIFTED:
                messages = shifted(messages, luck)
            chosen.append(example(messages, self.encoder, last=lesson.get("last", False)))
        return sorted(chosen, key=lambda one: len(one.tokens))

    def _step(self) -> tuple[float, float]:
        torch = self.torch
        batch = self._batch()
        total, replied, count = 0.0, 0.0, 0.0
        for part in (batch[: BATCH // 2], batch[BATCH // 2 :]):
            longest = max(len(one.tokens) for one in part)
            tokens = torch.full((len(part), longest), self.padding)
            weights = torch.zeros((len(part), longest))
            for row, one in enumerate(part):
                tokens[row, : len(one.tokens)] = torch.tensor(one.tokens)
                weights[row, : len(one.tokens)] = torch.tensor(one.weights)
            self.tokens += tokens.numel()
            logits = self.network(input_ids=tokens[:, :-1], use_cache=False).logits
            losses = torch.nn.functional.cross_entropy(
                logits.float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="none"
            )
            weights = weights[:, 1:].flatten()
            loss = (losses * weights).sum() / PER_BATCH
            loss.backward()
            total += loss.item()
            mask = weights >= 1
            replied += losses[mask].sum().item()
            count += mask.sum().item()
        for master, parameter in zip(self.masters, self.network.parameters(), strict=True):
            master.grad = parameter.grad.float()
            parameter.grad = None
        torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._rate()
            optimizer.step()
        with torch.no_grad():
            for master, parameter in zip(self.masters, self.network.parameters(), strict=True):
                parameter.copy_(master)
        return total, replied / max(1.0, count)

    @property
    def _checkpoint(self) -> Path:
        return self.given.out / "training.pt"

    def _save(self) -> None:
        torch = self.torch
        state: dict[str, Any] = {
            "step": self.step,
            "masters": self.masters,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        temporary = self._checkpoint.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(self._checkpoint)
        names = [name for name, _ in self.network.named_parameters()]
        state = dict(zip(names, self.masters, strict=True))
        self.network.save_pretrained(self.given.out, state_dict=state)

    def _resume(self) -> None:
        if not self._checkpoint.exists():
            return
        state = self.torch.load(self._checkpoint, weights_only=True)
        self.step = state["step"]
        with self.torch.no_grad():
            pairs = zip(self.masters, state["masters"], self.network.parameters(), strict=True)
            for master, kept, parameter in pairs:
                master.copy_(kept)
                parameter.copy_(kept)
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)


if __name__ == "__main__":
    main()
