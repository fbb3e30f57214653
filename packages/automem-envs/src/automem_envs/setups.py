"""What `automem setup` makes for these games: the benchmark's NetHack, and Boxoban's levels."""

from __future__ import annotations

from pathlib import Path

from automem.records.setup import DataSet, Interpreter

LEVEL_ROWS = 10
"""Of as many characters each."""

NETHACK_BALROG = Interpreter(
    python="3.11",
    requirements=(
        "balrog-nle==0.9.0",
        "gymnasium==1.2.0",
        "numpy==2.4.6",
        "setuptools<81",
    ),
    packages=("automem-core", "automem-envs"),
    # It asks for `nle`, which would lie over `balrog-nle`: both are imported as `nle`. Its level
    # files are what is used; its classes, made for gymnasium, do not run on this engine.
    unresolved=("minihack==1.0.2",),
    steps=(("-W", "ignore", "-c", "import nle, minihack.level_generator, automem_envs"),),
)

BOXOBAN = DataSet(
    address="https://github.com/google-deepmind/boxoban-levels/archive/refs/heads/master.zip",
    keep=("hard/*.txt", "medium/*.txt", "README.md"),
    license="LICENSE",
    instead='name the folder of levels you have, with boxoban_folder = "..." in [environment]',
    check="automem_envs.setups:check_levels",
)


def check_levels(folder: Path) -> None:
    """Raises ValueError if `folder` does not hold the levels of both difficulties."""
    for difficulty in ("hard", "medium"):
        files = sorted((folder / difficulty).rglob("*.txt"))
        if not files:
            raise ValueError(f"there is no file of levels in {difficulty}/")
        for path in files:
            _check_first(path, path.relative_to(folder))


def _check_first(path: Path, shown: Path) -> None:
    with path.open(encoding="ascii") as file:
        lines = [file.readline().rstrip("\n") for _ in range(LEVEL_ROWS + 1)]
    wrong = [row for row in lines[1:] if len(row) != LEVEL_ROWS or set(row) - set("# $.@")]
    if not lines[0].startswith(";") or wrong:
        raise ValueError(f"{shown} does not begin with a level")
