"""The dimensions of a model, and what follows from them: parameters, bytes of keys and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from automem.errors import ConfigError
from automem.records._struct import Record

FULL = 0
"""The window of a layer that attends to everything."""
_DTYPE_BYTES = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2, "half": 2}


class Shape(Record):
    """What of a model's `config.json` decides how much memory it takes."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    """Width of a dense layer's feed-forward part."""
    vocabulary: int
    context: int
    """Longest conversation the model is made for, in tokens."""
    tied: bool = False
    """Whether input and output embeddings are one matrix."""
    experts: int = 0
    expert_intermediate: int = 0
    shared_intermediate: int = 0
    """Width of the experts that every token passes."""
    dense_layers: int = 0
    """Layers at the beginning that have no experts."""
    windows: tuple[int, ...] = ()
    """The attention window of each layer that attends; empty is full attention in all."""
    latent: int = 0
    """Numbers kept for a token where keys and values are compressed into one vector, else 0."""
    dtype_bytes: int = 2
    """Of what is not quantized, as the model is stored."""
    quantization: str = ""
    """The method, such as `awq` or `fp8`; empty where it is not quantized."""
    bits: int = 16
    """Of a quantized weight."""

    @property
    def attention(self) -> tuple[int, ...]:
        """The window of each layer that keeps keys and values."""
        return self.windows or (FULL,) * self.layers

    @property
    def embedding_parameters(self) -> int:
        """Of input and output embeddings, which stay unquantized."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def layer_parameters(self) -> int:
        """Of all layers: projections and feed-forward parts; norms and biases are left out."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        dense = 3 * self.hidden * self.intermediate
        if not self.experts:
            return self.layers * (attention + dense)
        routed = self.experts * (3 * self.hidden * self.expert_intermediate + self.hidden)
        sparse = routed + 3 * self.hidden * self.shared_intermediate
        first = self.dense_layers
        return self.layers * attention + first * dense + (self.layers - first) * sparse

    @property
    def parameters(self) -> int:
        """Of the whole model, within a tenth of a percent."""
        return self.embedding_parameters + self.layer_parameters

    def token_bytes(self, *, tensor: int = 1, pipeline: int = 1, dtype_bytes: int = 2) -> int:
        """Keys and values of one token in layers with full attention, on one of the GPUs."""
        full = sum(window == FULL for window in self.attention)
        return -(-full // pipeline) * self._layer_token_bytes(tensor, dtype_bytes)

    def conversation_bytes(
        self,
        tokens: int,
        *,
        tensor: int = 1,
        pipeline: int = 1,
        dtype_bytes: int = 2,
        ahead: int = 0,
    ) -> int:
        """Keys and values of a whole conversation, on one of the GPUs.

        A layer with a window keeps the window and `ahead`, the tokens of a step that are read
        before older ones are let go.
        """
        kept = sum(
            min(tokens, window + ahead) if window != FULL else tokens for window in self.attention
        )
        return -(-kept // pipeline) * self._layer_token_bytes(tensor, dtype_bytes)

    def _layer_token_bytes(self, tensor: int, dtype_bytes: int) -> int:
        if self.latent:
            # Every GPU keeps the whole vector.
            return self.latent * dtype_bytes
        return 2 * -(-self.kv_heads // tensor) * self.head_dim * dtype_bytes


class _Quantization(msgspec.Struct, frozen=True):
    quant_method: str = ""
    bits: int | None = None
    quant_algo: str = ""
    config_groups: dict[str, Any] = {}


class _Config(msgspec.Struct, frozen=True):
    """`config.json`, as far as it matters; each kind of model calls some of it differently."""

    hidden_size: int | None = None
    num_hidden_layers: int | None = None
    num_attention_heads: int | None = None
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    intermediate_size: int | None = None
    vocab_size: int | None = None
    max_position_embeddings: int = 0
    tie_word_embeddings: bool = False
    num_experts: int | None = None
    num_local_experts: int | None = None
    n_routed_experts: int | None = None
    moe_intermediate_size: int | None = None
    shared_expert_intermediate_size: int | None = None
    n_shared_experts: int | None = None
    first_k_dense_replace: int | None = None
    sliding_window: int | None = None
    use_sliding_window: bool | None = None
    max_window_layers: int | None = None
    layer_types: list[str] | None = None
    sliding_window_pattern: int | None = None
    kv_lora_rank: int | None = None
    qk_rope_head_dim: int | None = None
    torch_dtype: str | None = None
    dtype: str | None = None
    quantization_config: _Quantization | None = None


def read_shape(text: bytes, where: str) -> Shape:
    """From the content of a `config.json`. Raises ConfigError for what is no model's."""
    try:
        outer = msgspec.json.decode(text, type=dict[str, Any])
        inner = outer.get("text_config")
        if isinstance(inner, dict):
            # A model that also sees or hears; what it says with is described within.
            kept = ("quantization_config", "torch_dtype", "dtype", "tie_word_embeddings")
            above = {key: outer[key] for key in kept if key in outer}
            outer = {**above, **cast("dict[str, Any]", inner)}
        config = msgspec.convert(outer, _Config, strict=False)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{where} is no model's configuration: {error}") from error
    needed = {
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "vocab_size": config.vocab_size,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise ConfigError(
            f"{where} does not say {', '.join(missing)}; capacity can be planned for decoder "
            "models whose configuration names them"
        )
    return _shape(config)


def _shape(config: _Config) -> Shape:
    hidden, heads = config.hidden_size or 0, config.num_attention_heads or 0
    experts = config.num_experts or config.num_local_experts or config.n_routed_experts or 0
    expert = config.moe_intermediate_size or config.intermediate_size or 0
    shared = config.shared_expert_intermediate_size or (config.n_shared_experts or 0) * expert
    latent = config.kv_lora_rank + (config.qk_rope_head_dim or 0) if config.kv_lora_rank else 0
    method, bits = _quantized(config.quantization_config)
    return Shape(
        hidden=hidden,
        layers=config.num_hidden_layers or 0,
        heads=heads,
        kv_heads=config.num_key_value_heads or heads,
        head_dim=config.head_dim or hidden // heads,
        intermediate=config.intermediate_size or expert,
        vocabulary=config.vocab_size or 0,
        context=config.max_position_embeddings,
        tied=config.tie_word_embeddings,
        experts=experts,
        expert_intermediate=expert if experts else 0,
        shared_intermediate=shared if experts else 0,
        dense_layers=config.first_k_dense_replace or 0,
        windows=_windows(config),
        latent=latent,
        dtype_bytes=_DTYPE_BYTES.get(config.dtype or config.torch_dtype or "", 2),
        quantization=method,
        bits=bits,
    )


def _windows(config: _Config) -> tuple[int, ...]:
    layers, window = config.num_hidden_layers or 0, config.sliding_window or FULL
    if config.layer_types:
        kept = [kind for kind in config.layer_types if "linear" not in kind and kind != "mamba"]
        windows = [window if kind == "sliding_attention" else FULL for kind in kept]
        return _plain(windows, layers)
    if not window or config.use_sliding_window is False:
        return ()
    if config.sliding_window_pattern:
        every = config.sliding_window_pattern
        return tuple(FULL if (n + 1) % every == 0 else window for n in range(layers))
    full = config.max_window_layers if config.use_sliding_window else None
    return _plain([FULL if n < (full or 0) else window for n in range(layers)], layers)


def _plain(windows: Sequence[int], layers: int) -> tuple[int, ...]:
    """Empty where all layers attend to everything."""
    return () if len(windows) == layers and not any(windows) else tuple(windows)


def _quantized(given: _Quantization | None) -> tuple[str, int]:
    if given is None or not given.quant_method:
        return "", 16
    method = given.quant_method.lower()
    if given.bits is not None:
        return method, given.bits
    said = f"{method} {given.quant_algo} {given.config_groups}".lower()
    four = any(word in said for word in ("fp4", "awq", "gptq", "'num_bits': 4", "bitsandbytes"))
    return method, 4 if four else 8
