"""From what a person types to a scaffold: a name, a folder, or a version of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from automem.errors import RunError
from automem.records._struct import Record

if TYPE_CHECKING:
    from automem.plugins import Plugins
    from automem.records.ledger import Trial
    from automem.run.layout import RunFolder


class RunVersion(Record):
    """One scaffold of a run."""

    number: int | None
    """0 for what the run began with, n for the n-th that was kept; None where it was not."""
    name: str
    hash: str
    review: str = ""
    """Name of the review's folder, `001-b`; empty for what the run began with."""


def find_source(source: str, plugins: Plugins, folder: Path = Path("runs")) -> Path:
    """The folder of a scaffold; a folder goes before a version, and that before a name.

    Raises ScaffoldError and RunError.
    """
    from automem.scaffold.find import find_scaffold

    run_name, colon, version = source.rpartition(":")
    if colon and run_name and not Path(source).is_dir():
        return find_version(run_name, version, folder)
    return find_scaffold(source, plugins.scaffolds(), plugins.load)


def find_version(run_name: str, version: str, folder: Path) -> Path:
    """The run's copy of one of its scaffolds. Raises RunError with those there are."""
    from automem.cli.locate import locate_run
    from automem.run.ledger import read_ledger

    run = locate_run(run_name, folder)
    known = run_versions(run, read_ledger(run.ledger, "scaffold"))
    for one in known:
        names = {one.name, one.review, "" if one.number is None else str(one.number)} - {""}
        if version in names or (len(version) >= 4 and one.hash.startswith(version)):
            return scaffold_of(run, one)
    listed = "".join(
        f"\n  {'-' if one.number is None else one.number}  {one.name}  {one.review}".rstrip()
        for one in known
    )
    raise RunError(f"no version {version!r} in {run.path}; there are:{listed or ' none'}")


def scaffold_of(run: RunFolder, version: RunVersion) -> Path:
    """The folder of a version. Raises RunError where the run has lost it."""
    for path in sorted(run.scaffolds.glob(f"{version.hash}-*")) if version.hash else ():
        return path
    raise RunError(f"{run.scaffolds} holds no copy of {version.name} ({version.hash})")


def run_versions(run: RunFolder, trials: tuple[Trial, ...]) -> list[RunVersion]:
    """Every scaffold of a run in order: by its ledger, or as they lie there where it has none."""
    if not trials:
        parts = [p.name.partition("-") for p in sorted(run.scaffolds.glob("*-*")) if p.is_dir()]
        return [RunVersion(number=None, name=name, hash=digest) for digest, _, name in parts]
    found = [RunVersion(number=0, name=trials[0].parent_name, hash=trials[0].parent)]
    kept = 0
    for trial in trials:
        if trial.candidate:
            kept += trial.verdict == "kept"
            found.append(
                RunVersion(
                    number=kept if trial.verdict == "kept" else None,
                    name=trial.candidate_name,
                    hash=trial.candidate,
                    review=trial.name,
                )
            )
    return found
