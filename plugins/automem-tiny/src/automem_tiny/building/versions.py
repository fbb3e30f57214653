"""`python -m automem_tiny.building.versions PACKAGE...`: which versions an interpreter has."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Version by package; empty where it is not installed."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.stdout.write(json.dumps(versions(sys.argv[1:])))
