"""What `automem setup` makes: interpreters with packages of their own, and data sets."""

from __future__ import annotations

from typing import Literal

from automem.records._struct import Record

SetupState = Literal["made", "not made", "outdated"]


class Interpreter(Record, tag="interpreter"):
    """A Python in a folder of its own, with packages that conflict with those installed here."""

    python: str = "3.11"
    """The version of CPython."""
    requirements: tuple[str, ...] = ()
    """What to install, as pip spells it; resolved together with `packages`."""
    packages: tuple[str, ...] = ("automem-core",)
    """Distributions installed just as they are here: the same checkout, wheel or version."""
    unresolved: tuple[str, ...] = ()
    """Installed afterwards, without what they say they depend on."""
    options: tuple[str, ...] = ()
    """Further options of `uv pip install`, such as `--torch-backend=cpu`."""
    steps: tuple[tuple[str, ...], ...] = ()
    """Arguments its Python is called with in the end, such as `("-c", "import nle")`."""


class DataSet(Record, tag="data"):
    """Files that are fetched as one archive, zip or tar."""

    address: str
    """Of the archive, https."""
    keep: tuple[str, ...] = ("**",)
    """Which of its files, as patterns below the one folder that such an archive holds."""
    license: str
    """The file that says under which license it is; an archive without it is refused."""
    instead: str = ""
    """What else a user can do who has the files already, to end the message of a failure."""
    check: str | None = None
    """`package.module:function`, called with the folder; raises ValueError if it is not right."""
    sha256: str | None = None
    """Of the archive, where it never changes."""


AnySetup = Interpreter | DataSet


class Package(Record):
    """A distribution as it is installed here, which is how it is installed elsewhere."""

    name: str
    version: str
    path: str | None = None
    """The checkout or wheel it came from; None for one that came from an index."""
    editable: bool = False
    """Whether the files of the checkout are used in place."""
    requires: tuple[str, ...] = ()
    """What it depends on, without what its extras add."""


class Made(Record):
    """`setup.json` in the folder of a set-up, written last: exists means complete."""

    name: str
    setup: AnySetup
    """What it was made from; another one today means that it is outdated."""
    packages: tuple[Package, ...] = ()
    """Those of `setup.packages`, as they were."""
    made_at: str
    """ISO 8601, UTC."""
    source: str = ""
    """Where a data set came from, if not from its address."""
    installed: tuple[str, ...] = ()
    """Every distribution in an interpreter, as `name==version`."""


class SetupStatus(Record):
    """One line of `automem setup`."""

    name: str
    kind: Literal["interpreter", "data"]
    summary: str
    state: SetupState
    reason: str = ""
    """Why it is outdated."""
    folder: str
