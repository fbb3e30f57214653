"""From what a person types to an adapter's folder, or to the folder of several."""

from __future__ import annotations

from pathlib import Path

from automem.cli.locate import is_run, locate_run
from automem.errors import AdapterError
from automem.run.layout import RunFolder
from automem.run.specialist import LATEST, latest_specialist
from automem_train.adapters.reading import adapters_in, is_adapter


def locate_all(text: str, folder: Path) -> list[Path]:
    """The adapters of a run, or those in a folder. Raises AdapterError, RunError."""
    path = Path(text)
    if path.is_dir() and not is_run(path):
        found = adapters_in(path)
        if not found:
            raise AdapterError(f"there is no adapter in {path}; name a run, or a folder of them")
        return found
    return adapters_in(locate_run(text, folder).adapters)


def locate_one(text: str, folder: Path) -> Path:
    """An adapter by its folder, or by `RUN/KEY`: the beginning of a key, or `latest`.

    A run alone will do where it has one adapter. Raises AdapterError, RunError.
    """
    path = Path(text)
    if is_adapter(path):
        return path
    name, _, key = text.rpartition("/")
    if not name or is_run(path):
        name, key = text, ""
    run = locate_run(name, folder)
    if key == LATEST:
        return _latest(run)
    there = adapters_in(run.adapters)
    found = [each for each in there if each.name.startswith(key)]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {run.name}/{each.name}" for each in found or there)
    if not found:
        wanted = f" {key!r}" if key else ""
        raise AdapterError(f"no adapter{wanted} in {run.adapters}; {_instead(there, listed)}")
    raise AdapterError(f"{len(found)} adapters in {run.adapters}; name one of:{listed}")


def _instead(there: list[Path], listed: str) -> str:
    return f"there are:{listed}" if there else "there is none yet; train one with `automem train`"


def _latest(run: RunFolder) -> Path:
    best = latest_specialist(run)
    if best is None:
        raise AdapterError(
            f"the run {run.path} has kept no specialist for its best scaffold; name an adapter by "
            "its key"
        )
    return run.adapters / best.candidate
