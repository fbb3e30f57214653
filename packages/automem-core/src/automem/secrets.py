"""What looks like a key or a password, so that none is ever stored or logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:api[_-]?key|access[_-]?key|secret|token|password|passwd|authorization)$",
    re.IGNORECASE,
)
_SECRET_VARIABLE = re.compile(
    r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTH|BEARER)S?(?:_|$)"
    r"|_(?:PAT|PASS|PW|PWD)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"""
    \b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}             # OpenAI, Anthropic and those who copied them
    | \bhf_[A-Za-z0-9]{16,}
    | \bgh[pousr]_[A-Za-z0-9]{20,}
    | \bAIza[A-Za-z0-9_-]{20,}
    | \bAKIA[A-Z0-9]{12,}
    | \bxox[abpr]-[A-Za-z0-9-]{10,}
    | \bBearer\s+[A-Za-z0-9._~+/=-]{8,}
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)              # user:password in an address
    """,
    re.VERBOSE,
)


def names_secret(name: str) -> bool:
    """Whether something so named holds a secret itself; `api_key_env` only names a variable."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that hold no secret, by their names; in doubt they hold one."""
    return {name: value for name, value in environ.items() if not _SECRET_VARIABLE.search(name)}


def redact(text: str) -> str:
    """The text with everything in it that looks like a secret replaced."""
    return _SECRET_VALUE.sub(REDACTED, text)


def find_secret(value: object, path: str = "") -> str | None:
    """The path of the first secret in nested tables and lists; None where there is none."""
    if isinstance(value, str):
        return path if _SECRET_VALUE.search(value) else None
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, object]", value).items():
            where = f"{path}.{key}" if path else key
            if isinstance(inner, str) and inner and names_secret(key):
                return where
            if found := find_secret(inner, where):
                return found
    if isinstance(value, list | tuple):
        for position, inner in enumerate(cast("list[object]", value)):
            if found := find_secret(inner, f"{path}[{position}]"):
                return found
    return None
