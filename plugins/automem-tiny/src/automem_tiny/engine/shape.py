"""What `config.json` says of a model, as far as the engine needs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta

from automem.errors import ServerError

Count = Annotated[int, Meta(ge=1)]
_LARGEST: Final = sys.float_info.max
_PLAIN: Final[dict[str, tuple[object, ...]]] = {
    "model_type": ("llama",),
    "hidden_act": ("silu",),
    "mlp_bias": (None, False),
    "quantization_config": (None,),
    "rope_scaling": (None,),
}
"""Settings, and the values of theirs that the engine computes."""


class Shape(msgspec.Struct, frozen=True):
    """The sizes of a model like Llama; other fields of the file are not read."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    vocab_size: Count
    max_position_embeddings: Count
    rope_theta: Annotated[float, Meta(gt=0.0, le=_LARGEST)]
    eos: tuple[int, ...]
    """Tokens that end an answer."""
    num_key_value_heads: Annotated[int, Meta(ge=0)] = 0
    """As many as there are heads, where the file says nothing."""
    head_dim: Annotated[int, Meta(ge=0)] = 0
    """A head's share of `hidden_size`, where the file says nothing."""
    rms_norm_eps: Annotated[float, Meta(ge=0.0, le=_LARGEST)] = 1e-6
    attention_bias: bool = False
    tie_word_embeddings: bool = False

    @property
    def group(self) -> int:
        """Query heads that share a key."""
        return self.num_attention_heads // self.num_key_value_heads

    @property
    def query_width(self) -> int:
        """Columns of all queries."""
        return self.num_attention_heads * self.head_dim

    @property
    def key_width(self) -> int:
        """Columns of all keys, and of all values."""
        return self.num_key_value_heads * self.head_dim


def read_json(path: Path) -> dict[str, Any]:
    """A file of a model's folder. Raises ServerError, also where it is missing."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ServerError(
            f"{path.parent} holds no model: {path.name} is missing; name a folder with "
            "config.json, model.safetensors and tokenizer.json"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ServerError(f"{path} is damaged: {error}; put the model there anew") from error
    if not isinstance(found, dict):
        raise ServerError(f"{path} is damaged: it is no table; put the model there anew")
    return cast("dict[str, Any]", found)


def read_eos(config: dict[str, Any]) -> list[int]:
    """The tokens that end an answer, as a configuration names one, several or none."""
    eos = config.get("eos_token_id")
    return cast("list[int]", eos) if isinstance(eos, list) else [] if eos is None else [eos]


def read_shape(folder: Path) -> Shape:
    """The shape of the model in a folder. Raises ServerError where it is of another type."""
    config = read_json(folder / "config.json")
    for key, plain in _PLAIN.items():
        if config.get(key) not in plain:
            raise _refusal(folder, f"its {key} is {config.get(key)!r}")
    rope = cast("dict[str, Any]", config.get("rope_parameters") or {})
    if rope.get("rope_type", "default") != "default":
        raise _refusal(folder, f"its rope_type is {rope['rope_type']!r}")
    given: dict[str, Any] = {
        "rope_theta": rope.get("rope_theta", 10_000.0),
        **{key: value for key, value in config.items() if value is not None},
        "eos": read_eos(config),
    }
    try:
        shape = msgspec.convert(given, Shape)
    except msgspec.ValidationError as error:
        raise ServerError(f"{folder / 'config.json'} says what no model has: {error}") from error
    heads = shape.num_attention_heads
    shape = msgspec.structs.replace(
        shape,
        num_key_value_heads=shape.num_key_value_heads or heads,
        head_dim=shape.head_dim or shape.hidden_size // heads,
    )
    if heads % shape.num_key_value_heads or shape.head_dim % 2:
        raise _refusal(folder, "its heads do not divide")
    return shape


def _refusal(folder: Path, why: str) -> ServerError:
    return ServerError(
        f"{folder} cannot be computed here: {why}; the tiny engine serves small models of the "
        "type llama with plain rotary embeddings. Use the backend local for this one"
    )
