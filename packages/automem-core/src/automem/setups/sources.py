"""How a distribution came to be installed here, so that it can be installed elsewhere alike."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from automem.errors import SetupError
from automem.records.setup import Package


class _DirInfo(msgspec.Struct, frozen=True):
    editable: bool = False


class _DirectUrl(msgspec.Struct, frozen=True):
    """`direct_url.json`, which installers write beside what came from no index."""

    url: str
    dir_info: _DirInfo | None = None


def package_here(name: str) -> Package:
    """The distribution as it is installed here. Raises SetupError if it is not."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise SetupError(
            f"'{name}' belongs into this set-up and is not installed here; install it first"
        ) from error
    always = sorted(one for one in found.requires or () if "extra ==" not in one)
    plain = Package(name=name, version=found.version, requires=tuple(always))
    origin = found.read_text("direct_url.json")
    if origin is None:
        return plain
    direct = msgspec.json.decode(origin, type=_DirectUrl)
    address = urlsplit(direct.url)
    path = Path(unquote(address.path))
    if address.scheme != "file" or not path.exists():
        return plain
    editable = direct.dir_info is not None and direct.dir_info.editable
    return msgspec.structs.replace(plain, path=str(path), editable=editable)


def arguments_for(package: Package) -> tuple[str, ...]:
    """What `uv pip install` is told to install it in the same way."""
    if package.path is None:
        return (f"{package.name}=={package.version}",)
    if package.editable:
        return ("--editable", package.path)
    return (f"{package.name} @ {Path(package.path).as_uri()}",)
