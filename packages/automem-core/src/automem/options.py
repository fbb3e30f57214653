"""Reading the options of a part: unknown keys are refused with their path and the closest name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from automem.choices import name_choices
from automem.errors import ConfigError
from automem.spelling import did_you_mean


def read_options(
    owner: str, struct: type[msgspec.Struct] | None, raw: Mapping[str, Any], *, path: str
) -> msgspec.Struct | None:
    """Convert `raw` into `struct`, strictly; None where the part takes no options.

    Raises ConfigError with the path of the key: `path` is where `raw` stands in its file.
    """
    if struct is None:
        if raw:
            raise ConfigError(f"{path}.{next(iter(raw))}: '{owner}' takes no options; remove it")
        return None
    _refuse_unknown(owner, struct, raw, path)
    try:
        return msgspec.convert(dict(raw), struct, strict=True)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`")
        said = name_choices(said, struct, where)
        raise ConfigError(f"{path}{where}: {said} (an option of '{owner}')") from error


def _refuse_unknown(
    owner: str, struct: type[msgspec.Struct], raw: Mapping[str, Any], path: str
) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, value in raw.items():
        if key not in fields:
            suggestion = did_you_mean(key, fields) or f"; it has: {', '.join(fields) or 'none'}"
            raise ConfigError(f"{path}.{key}: '{owner}' has no such option{suggestion}")
        kind = _struct_of(fields[key].type)
        if kind is not None and isinstance(value, Mapping):
            _refuse_unknown(owner, kind, cast("Mapping[str, Any]", value), f"{path}.{key}")


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return None
