"""Adapters before they are served: read, judged, and named by their content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from automem.errors import AdapterError, ConfigError, ServerError
from automem.models.adapters import (
    PROVENANCE,
    SETTINGS,
    WEIGHTS,
    content_name,
    other_file,
    read_provenance,
)
from automem.models.bases import compare_base
from automem.records.training import PROJECTIONS, Provenance

_LARGEST_HEADER = 64 << 20
_TENSOR = re.compile(r"\.(\w+)\.lora_[AB](\.\w+)?\.weight$")
"""As peft names what it adds to a layer; the layer is the group."""


class _Settings(msgspec.Struct, frozen=True):
    """`adapter_config.json`, as far as it matters; peft adds keys with each version."""

    peft_type: str = "LORA"
    r: int = 0
    rank_pattern: dict[str, int] | None = None
    target_modules: list[str] | str | None = None
    modules_to_save: list[str] | None = None
    use_dora: bool | None = False
    bias: str | None = "none"
    lora_bias: bool | None = False
    trainable_token_indices: Any = None
    target_parameters: list[str] | None = None
    alora_invocation_tokens: list[int] | None = None
    layer_replication: Any = None


class _Tensor(msgspec.Struct, frozen=True):
    """One entry of the header of a safetensors file, as far as it matters."""

    data_offsets: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that can be served."""

    given: str
    """As the configuration names it."""
    path: Path
    name: str
    """Its folder's name and a hash of its content."""
    rank: int
    targets: tuple[str, ...]
    unknown: str = ""
    """What of its base could not be compared with the model; empty where all of it was."""

    def is_unchanged(self) -> bool:
        """Whether the folder still holds what it held when it was read."""
        return content_name(self.path) == self.name

    def refuse_changed(self) -> None:
        """Refuse to go by its name where it is another by now. Raises ServerError, OSError."""
        if not self.is_unchanged():
            raise ServerError(
                f"the adapter {self.given} is not what it was when the run began; each version "
                "needs a folder of its own. Start the same again to play with what is there now"
            )


def read_adapter(
    given: str, model: str, *, largest_rank: int | None = None, alias: bool = False
) -> Adapter:
    """Read an adapter and refuse it where no engine can serve it. Raises ConfigError.

    `alias` says that `model` is only what a running engine calls it.
    """
    path = Path(given).expanduser().resolve()
    if not (path / SETTINGS).is_file():
        raise ConfigError(
            f"adapter: {given} holds no {SETTINGS}; name the folder that a trainer wrote"
        )
    settings: _Settings = _read(path / SETTINGS, _Settings)
    targets = _targets(settings)
    rank = max([settings.r, *(settings.rank_pattern or {}).values()])
    problem = _problem(settings, targets, rank, largest_rank) or _tensor_problem(path)
    if problem is not None:
        raise ConfigError(f"adapter {given} cannot be served: {problem}")
    return Adapter(
        given=given,
        path=path,
        name=content_name(path),
        rank=rank,
        targets=targets,
        unknown=_check_base(path, given, model, alias=alias),
    )


def _read(path: Path, form: type[Any]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"adapter: {path} cannot be read: {error}") from error


def _targets(settings: _Settings) -> tuple[str, ...]:
    given = settings.target_modules
    if given is None or isinstance(given, str):
        # A pattern, or a word such as all-linear; the weights say what it meant.
        return PROJECTIONS
    return tuple(sorted({name.rpartition(".")[2] for name in given}))


def _problem(
    settings: _Settings, targets: Sequence[str], rank: int, largest: int | None
) -> str | None:
    others = [name for name in targets if name not in PROJECTIONS]
    checks = {
        f"it is {settings.peft_type}, not LoRA": settings.peft_type.upper() != "LORA",
        f"modules_to_save ({', '.join(settings.modules_to_save or ())}) are whole layers; train "
        "without them": bool(settings.modules_to_save),
        "it uses DoRA; train with use_dora = false": bool(settings.use_dora),
        "it trained biases; train with bias = none": settings.bias not in (None, "none")
        or bool(settings.lora_bias),
        "it trained tokens of the embedding; train without them": bool(
            settings.trainable_token_indices
        ),
        f"it adapts parameters ({', '.join(settings.target_parameters or ())}), not layers; train "
        f"only {', '.join(PROJECTIONS)}": bool(settings.target_parameters),
        "it is an activated LoRA, which works from certain words on; train a plain one": bool(
            settings.alora_invocation_tokens
        ),
        "it repeats layers; train without layer_replication": bool(settings.layer_replication),
        f"it adapts {', '.join(others)}; train only {', '.join(PROJECTIONS)}": bool(others),
        f"its rank is {rank}": rank < 1,
        f"its rank is {rank}, and the engine takes at most {largest}; train with a smaller one": (
            largest is not None and rank > largest
        ),
    }
    return next((said for said, is_so in checks.items() if is_so), None)


def _tensor_problem(path: Path) -> str | None:
    """What the weights hold that the settings do not say."""
    present = [path / name for name in WEIGHTS if (path / name).is_file()]
    if not present:
        return f"it holds no weights ({' or '.join(WEIGHTS)})"
    if present[0].suffix != ".safetensors":
        return None
    names = _tensors(present[0])
    if names is None:
        return f"its {present[0].name} is damaged or cut off; copy it again"
    if not names:
        return f"its {present[0].name} holds nothing; train it again"
    for name in names:
        found = _TENSOR.search(name)
        if found is None or found[1] not in PROJECTIONS:
            return f"its weights hold {name}; train plain LoRA on {', '.join(PROJECTIONS)}"
    return None


def _tensors(path: Path) -> list[str] | None:
    """Names of the tensors, from the header alone; None where the file is not whole."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            raw = file.read(min(length, _LARGEST_HEADER))
        header = msgspec.json.decode(raw, type=dict[str, _Tensor])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    header.pop("__metadata__", None)
    ends = [tensor.data_offsets[1] for tensor in header.values()]
    is_whole = path.stat().st_size == 8 + length + max(ends, default=0)
    return list(header) if is_whole else None


def _check_files(path: Path, given: str, said: Provenance) -> None:
    """Refuse what was changed since its training: its results would go by the name of another."""
    try:
        other = other_file(path, said)
    except OSError as error:
        raise ConfigError(f"adapter {given}: {error.filename} cannot be read") from error
    if other:
        raise ConfigError(
            f"adapter {given}: its {other} is not the one that its {PROVENANCE} speaks of; put the "
            f"file back, or take {PROVENANCE} away if it is another adapter by now"
        )


def _check_base(path: Path, given: str, model: str, *, alias: bool) -> str:
    """Refuse another base than the one it was trained on, where its provenance says which.

    What could not be compared is returned.
    """
    if not (path / PROVENANCE).is_file():
        return f"adapter {given} does not say on which base it was trained"
    try:
        said = read_provenance(path)
        _check_files(path, given, said)
        base = said.base
        found = compare_base(base, model, alias=alias)
    except AdapterError as error:
        raise ConfigError(f"adapter {given}: {error}") from error
    except OSError as error:
        raise ConfigError(f"the base {model} cannot be read: {error}") from error
    if found.differs:
        raise ConfigError(
            f"adapter {given} was trained on {base.model}, not on {model}: {found.differs}; "
            "serve that model, or name the adapter trained on this one"
        )
    return f"adapter {given}: {found.unknown}" if found.unknown else ""
