"""The model itself: read from a folder, checked, and computed step by step."""
# torch is in the interpreter of this engine only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from automem.errors import ModelError, ServerError
from automem_backends.local import attention
from automem_backends.local.adapters import Rows, install, read_adapter
from automem_backends.local.asked import Chosen, Part, Weights
from automem_backends.local.attention import Segment
from automem_backends.local.choosing import choose
from automem_backends.local.values import TensorValues

DType = Literal["auto", "float32", "bfloat16", "float16"]
_PROBE_TOKENS = 24
_TOLERANCE: Mapping[torch.dtype, float] = {torch.float32: 1e-3}
"""Of logits, relative to the largest; other types are held to `_ROUGH`."""
_ROUGH = 5e-2


@dataclass(slots=True)
class Network:
    """One base model with its tokenizer; its adapters are what parts of a step name."""

    model: Any
    tokenizer: Any
    device: torch.device
    context: int
    ends: frozenset[int]
    rows: Rows = field(default_factory=Rows)
    _token_bytes: int = 0

    def empty(self) -> TensorValues:
        """For a new sequence."""
        return TensorValues()

    def size_of(self, tokens: int) -> int:
        """Bytes of the keys and values of as many tokens, at most."""
        return (tokens + 256) * self._token_bytes

    @torch.inference_mode()
    def step(self, parts: tuple[Part, ...]) -> list[Chosen | None]:
        """Compute all parts at once; the next token of each that wants one."""
        # Rows of one adapter lie side by side, so that each adapter is one product a layer.
        first = {part.weights: number for number, part in reversed(list(enumerate(parts)))}
        order = sorted(range(len(parts)), key=lambda number: first[parts[number].weights])
        ordered = [parts[number] for number in order]
        logits = self._logits(ordered)
        wanted = [(part.sampling, part.draw) for part in ordered if part.sampling is not None]
        found = iter(choose(logits[: len(wanted)], wanted))
        chosen: list[Chosen | None] = [None] * len(parts)
        for number, part in zip(order, ordered, strict=True):
            if part.sampling is not None:
                chosen[number] = next(found)
        return chosen

    def decode(self, tokens: list[int]) -> str:
        """Their text, without special tokens."""
        return self.tokenizer.backend_tokenizer.decode(tokens, skip_special_tokens=True)

    def written(self, token: int) -> str:
        """One token alone, special or not."""
        return self.tokenizer.backend_tokenizer.decode([token], skip_special_tokens=False)

    def prompt(
        self, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> tuple[int, ...]:
        """The tokens of a conversation, by the model's own template. Raises ModelError."""
        try:
            text = self.tokenizer.apply_chat_template(
                list(messages), tokenize=False, **{"add_generation_prompt": True, **options}
            )
        except Exception as error:
            # The template is the model's code: what it raises is meant for who wrote the messages.
            raise ModelError(f"the chat template refused: {error}", status=400) from error
        encoded = self.tokenizer.backend_tokenizer.encode(text, add_special_tokens=False)
        return tuple(encoded.ids)

    def read(self, name: str, path: str) -> Weights:
        """Read an adapter. Raises ServerError."""
        return read_adapter(name, path, self.model)

    def install(self, weights: Weights) -> None:
        """Make the layers look for it; only between two steps."""
        install(weights, self.model, self.rows)

    def _logits(self, parts: Sequence[Part]) -> torch.Tensor:
        segments: list[Segment] = []
        positions: list[int] = []
        slices: list[tuple[int, int, Any]] = []
        last: list[int] = []
        for part in parts:
            begin = len(positions)
            values = cast("TensorValues", part.values)
            segments.append(Segment.of(values, len(part.tokens), self.device))
            positions.extend(range(values.length, values.length + len(part.tokens)))
            if slices and slices[-1][2] is part.weights:
                begin = slices.pop()[0]
            slices.append((begin, len(positions), part.weights))
            if part.sampling is not None:
                last.append(len(positions) - 1)
        self.rows.slices = tuple(slices)
        ids = [token for part in parts for token in part.tokens]
        logits = self.model(
            input_ids=torch.tensor([ids], device=self.device),
            position_ids=torch.tensor([positions], device=self.device),
            use_cache=False,
            logits_to_keep=torch.tensor(last or [0], device=self.device),
            segments=tuple(segments),
        ).logits[0]
        for segment in segments:
            segment.values.length += segment.count
        return logits.float()

    @torch.inference_mode()
    def check(self) -> None:
        """Compare a prompt in two pieces with transformers' own way. Raises ServerError."""
        size = self.model.config.vocab_size
        ids = [(7 * number + 3) % size for number in range(_PROBE_TOKENS)]
        base, values = Weights("", ""), TensorValues()
        half = _PROBE_TOKENS // 2
        try:
            for piece in (ids[:half], ids[half:-1], ids[-1:]):
                part = Part(weights=base, values=values, tokens=tuple(piece), sampling=None)
                ours = self._logits([part])
            self.model.set_attn_implementation("sdpa")
            whole = torch.tensor([ids], device=self.device)
            theirs = self.model(input_ids=whole, use_cache=False).logits[0, -1:].float()
        except Exception as error:
            raise ServerError(
                f"a model of the type {self.model.config.model_type} cannot be served by the local "
                f"engine ({type(error).__name__}: {error}); use vllm or sglang for it"
            ) from error
        self.model.set_attn_implementation(attention.NAME)
        tolerance = _TOLERANCE.get(self.model.dtype, _ROUGH)
        apart = float((ours - theirs).abs().max() / theirs.abs().max())
        if not apart <= tolerance:
            raise ServerError(
                f"a model of the type {self.model.config.model_type} does not compute as the local "
                f"engine would: {apart:.2g} apart; use vllm or sglang for it"
            )
        self._token_bytes = -(-values.size // 256)


def load(path: str, *, device: str, dtype: DType, context: int | None, threads: int) -> Network:
    """Read model and tokenizer from a folder. Raises ServerError, saying what is missing."""
    torch.set_num_threads(threads)
    attention.register()
    chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    # On a CPU the smaller types are slower, and a model of this size fits anyway.
    default = "float32" if chosen == "cpu" else "auto"
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForCausalLM.from_pretrained(
            path, dtype=default if dtype == "auto" else dtype, attn_implementation=attention.NAME
        )
    except Exception as error:
        raise ServerError(f"{path} cannot be loaded: {error}") from error
    if not tokenizer.is_fast:
        raise ServerError(f"{path} has no tokenizer.json; save its tokenizer as a fast one")
    if not tokenizer.chat_template:
        raise ServerError(
            f"{path} has no chat template: put chat_template.jinja beside its tokenizer, or name "
            "the instruct version of the model"
        )
    largest = int(model.config.max_position_embeddings)
    if context is not None and context > largest:
        raise ServerError(
            f"--max-model-len {context} is more than the {largest} tokens that {path} was made for"
        )
    network = Network(
        model=model.to(chosen).eval(),
        tokenizer=tokenizer,
        device=torch.device(chosen),
        context=context or largest,
        ends=_ends(model, tokenizer),
    )
    network.check()
    return network


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    given = model.generation_config.eos_token_id
    listed = given if isinstance(given, list) else [given]
    return frozenset(token for token in (*listed, tokenizer.eos_token_id) if isinstance(token, int))
