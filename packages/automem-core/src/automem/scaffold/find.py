"""Finding a scaffold by what a user types: a path to its folder, or a name a plugin offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from automem.errors import ScaffoldError
from automem.home import expanded
from automem.scaffold.content import MANIFEST
from automem.spec import Spec
from automem.spelling import did_you_mean


def find_scaffold(source: str, specs: Mapping[str, Spec], load: Callable[[Spec], object]) -> Path:
    """The folder of a scaffold; a path goes before a name. Raises ScaffoldError.

    `load` imports what a spec's `make` names: a function without arguments that gives the folder.
    """
    folder = expanded(source)
    if source and (folder / MANIFEST).is_file():
        return folder
    spec = specs.get(source)
    if spec is None:
        if folder.is_dir() and source:
            raise ScaffoldError(
                f"{folder} holds no {MANIFEST}, so it is no scaffold; the named ones are: "
                f"{', '.join(specs) or 'none'}"
            )
        near = did_you_mean(source, specs) or f"; there are: {', '.join(specs) or 'none'}"
        raise ScaffoldError(f"no scaffold named '{source}', and no folder of that path{near}")
    make = load(spec)
    found = make() if callable(make) else make
    if not isinstance(found, Path) or not (found / MANIFEST).is_file():
        raise ScaffoldError(
            f"the plugin's scaffold '{source}' ({spec.make}) gave {found!r}, which is no folder "
            f"with a {MANIFEST}; reinstall the plugin"
        )
    return found
