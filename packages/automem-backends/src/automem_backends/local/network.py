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
from automem_backends.local.adapters import Rows, read_adapter
from automem_backends.local.asked import Chosen, Part, Weights
from automem_backends.local.attention import Segment
from automem_backends.local.choosing import choose
from automem_backends.local.decoder import Decoder
from automem_backends.local.values import STEP, TensorValues

DType = Literal["auto", "float32", "bfloat16", "float16"]
_PROBE_TOKENS = 24
_TOLERANCE: Mapping[torch.dtype, float] = {torch.float32: 1e-3}
"""Of logits, relative to the largest; other types are held to `_ROUGH`."""
_ROUGH = 5e-2
_FIXED_ROPE = (None, "default", "linear", "llama3", "yarn")
"""Rotary embeddings that do not change with the length of a conversation."""


@dataclass(slots=True)
class Network:
    """One base model with its tokenizer; its adapters are what parts of a step name."""

    decoder: Decoder
    tokenizer: Any
    device: torch.device
    context: int
    ends: frozenset[int]
    rows: Rows = field(default_factory=Rows)
    _token_bytes: int = 0
    _codec: Any = field(init=False)

    def __post_init__(self) -> None:
        # The tokenizer in Rust, which other threads may use at the same time.
        self._codec = self.tokenizer.backend_tokenizer

    def empty(self) -> TensorValues:
        """For a new sequence."""
        return TensorValues()

    def size_of(self, tokens: int) -> int:
        """Bytes of the keys and values of as many tokens, at most."""
        return (tokens + STEP) * self._token_bytes

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
        return self._codec.decode(tokens, skip_special_tokens=True)

    def written(self, token: int) -> str:
        """One token alone, special or not."""
        return self._codec.decode([token], skip_special_tokens=False)

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
        return tuple(self._codec.encode(text, add_special_tokens=False).ids)

    def read(self, name: str, path: str) -> Weights:
        """Read an adapter. Raises ServerError."""
        return read_adapter(name, path, self.decoder.adaptable())

    def _logits(self, parts: Sequence[Part]) -> torch.Tensor:
        segments: list[Segment] = []
        positions: list[int] = []
        slices: list[tuple[int, int, Weights]] = []
        last: list[int] = []
        for part in parts:
            begin = len(positions)
            values = cast("TensorValues", part.values)
            segments.append(Segment.of(values, begin, len(part.tokens), self.device))
            positions.extend(range(values.length, values.length + len(part.tokens)))
            if part.weights.pairs:
                if slices and slices[-1][2] is part.weights:
                    begin = slices.pop()[0]
                slices.append((begin, len(positions), part.weights))
            if part.sampling is not None:
                last.append(len(positions) - 1)
        self.rows.slices = tuple(slices)
        logits = self.decoder(
            torch.tensor([token for part in parts for token in part.tokens], device=self.device),
            torch.tensor(positions, device=self.device),
            tuple(segments),
            self.rows,
            torch.tensor(last or [len(positions) - 1], device=self.device),
        )
        for segment in segments:
            segment.values.length += segment.end - segment.begin
        return logits

    @torch.inference_mode()
    def check(self, model: Any) -> None:
        """Compare a prompt in pieces with transformers' own way. Raises ServerError."""
        size = model.config.vocab_size
        ids = [(7 * number + 3) % size for number in range(_PROBE_TOKENS)]
        base, values, half = Weights("", ""), TensorValues(), _PROBE_TOKENS // 2
        for piece in (ids[:half], ids[half:-1], ids[-1:]):
            part = Part(weights=base, values=values, tokens=tuple(piece), sampling=None)
            ours = self._logits([part])
        whole = torch.tensor([ids], device=self.device)
        theirs = model(input_ids=whole, use_cache=False).logits[0, -1:].float()
        apart = float((ours - theirs).abs().max() / theirs.abs().max())
        if not apart <= _TOLERANCE.get(model.dtype, _ROUGH):
            raise ServerError(f"its logits come out otherwise, by {apart:.2g} of the largest")
        self._token_bytes = -(-values.size // STEP)


def load(path: str, *, device: str, dtype: DType, context: int | None, threads: int) -> Network:
    """Read model and tokenizer from a folder. Raises ServerError, saying what is missing."""
    torch.set_num_threads(threads)
    chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    # On a CPU the smaller types are slower, and a model of this size fits anyway.
    default = "float32" if chosen == "cpu" else "auto"
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForCausalLM.from_pretrained(
            path, dtype=default if dtype == "auto" else dtype
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
    length = _context(path, model.config, context)
    model = model.to(chosen).eval()
    try:
        network = Network(
            decoder=Decoder.of(model, length),
            tokenizer=tokenizer,
            device=torch.device(chosen),
            context=length,
            ends=_ends(model, tokenizer),
        )
        network.check(model)
    except (AttributeError, RuntimeError, ServerError, TypeError) as error:
        raise ServerError(
            f"{path} is of the type {model.config.model_type}, which the local engine cannot "
            f"compute ({error}); it serves models like Llama, Mistral, Qwen2 and Qwen3. Use vllm "
            "or sglang for this one"
        ) from error
    return network


def _context(path: str, config: Any, wanted: int | None) -> int:
    """The longest conversation."""
    largest = int(config.max_position_embeddings)
    if wanted is not None and wanted > largest:
        raise ServerError(
            f"--max-model-len {wanted} is more than the {largest} tokens that {path} was made for"
        )
    length = wanted or largest
    window = getattr(config, "sliding_window", None)
    if window is not None and window < length:
        raise ServerError(
            f"{path} looks back over {window} tokens only, which the local engine cannot do; set "
            f"--max-model-len {window}, within which it makes no difference, or use vllm"
        )
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type")
    if rope not in _FIXED_ROPE:
        raise ServerError(
            f"{path} has rotary embeddings of the type {rope}, which the local engine does not "
            "compute; use vllm"
        )
    return length


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    given = model.generation_config.eos_token_id
    listed = given if isinstance(given, list) else [given]
    return frozenset(token for token in (*listed, tokenizer.eos_token_id) if isinstance(token, int))
