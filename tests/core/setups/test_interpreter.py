"""An interpreter is made whole, found made, made anew when it is outdated, and said why not."""

from __future__ import annotations

import errno
import re
import subprocess

import msgspec
import pytest

from automem.errors import SetupError
from automem.records.setup import Interpreter, Package
from automem.setups.make import remove
from automem.setups.place import write_record
from automem.setups.sources import package_here

from .conftest import Bench


def imported(bench: Bench, name: str = "tiny") -> str:
    """The version of the small package, as the new Python tells it."""
    code = "from importlib.metadata import version as v; print(v('automem_tiny'))"
    python = bench.root / "interpreters" / name / "bin" / "python"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def test_an_interpreter_is_made_once(bench: Bench, tiny: Interpreter) -> None:
    setup = bench.setup(tiny)
    assert setup.status().state == "not made"
    assert bench.make(setup)
    assert setup.status().state == "made"
    assert imported(bench) == "1.0"
    assert "running its step: -m automem_tiny one" in bench.told
    assert not bench.make(setup)


def test_what_was_said_and_installed_is_kept(bench: Bench, tiny: Interpreter) -> None:
    setup = bench.setup(tiny)
    bench.make(setup)
    text = setup.place.log.read_text(encoding="utf-8")
    assert "pip install" in text and "a word of the step 2" in text
    made = setup.place.made()
    assert made is not None
    assert "automem_tiny==1.0" in made.installed
    assert {path.name for path in setup.place.folder.parent.iterdir()} == {"tiny", ".tiny.lock"}


def test_other_requirements_make_it_outdated_and_are_installed(
    bench: Bench, tiny: Interpreter
) -> None:
    bench.make(bench.setup(tiny))
    newer = msgspec.structs.replace(tiny, requirements=("automem-tiny==2.0",))
    setup = bench.setup(newer)
    assert setup.status().state == "outdated"
    assert setup.status().reason == "it was made from other requirements"
    assert bench.make(setup)
    assert imported(bench) == "2.0"


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (Package(name="automem-core", version="0.0.1"), "automem-core is .* here and 0.0.1 there"),
        (msgspec.structs.replace(package_here("pluggy"), path="/elsewhere"), "from elsewhere"),
        (Package(name="automem-gone", version="1"), "'automem-gone' .* is not installed here"),
    ],
)
def test_other_packages_of_ours_make_it_outdated(
    bench: Bench, bare: Interpreter, before: Package, reason: str
) -> None:
    setup = bench.setup(bare)
    bench.make(setup)
    made = setup.place.made()
    assert made is not None
    mine = package_here("msgspec")
    write_record(setup.place.folder, msgspec.structs.replace(made, packages=(mine, before)))
    assert setup.status().state == "outdated"
    assert re.search(reason, setup.status().reason)


def test_an_interpreter_whose_python_is_gone_is_outdated(bench: Bench, bare: Interpreter) -> None:
    setup = bench.setup(bare)
    bench.make(setup)
    setup.place.python.unlink()
    assert setup.status().reason == "the Python it was made with is gone"
    assert bench.make(setup)
    assert setup.place.python.exists()


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("#!/bin/sh\nexit 7\n", "its Python does not run: it ended with 7"),
        ("#!/bin/sh\nkill -9 $$\n", "its Python does not run: it was killed by signal 9"),
        ("#!/nowhere/python\n", "its Python does not run: No such file or directory"),
    ],
    ids=["ends", "is killed", "is no program"],
)
def test_an_interpreter_that_runs_nothing_is_outdated(
    bench: Bench, bare: Interpreter, python: str, reason: str
) -> None:
    setup = bench.setup(bare)
    bench.make(setup)
    setup.place.python.unlink()
    setup.place.python.write_text(python, encoding="utf-8")
    setup.place.python.chmod(0o755)
    assert (setup.status().state, setup.status().reason) == ("outdated", reason)
    assert bench.make(setup)
    assert setup.status().state == "made"


def test_a_record_that_cannot_be_read_makes_it_outdated(bench: Bench, bare: Interpreter) -> None:
    setup = bench.setup(bare)
    bench.make(setup)
    setup.place.record.write_text("{", encoding="utf-8")
    assert "damaged" in setup.status().reason


def test_without_uv_the_way_to_it_is_said(bench: Bench, bare: Interpreter) -> None:
    bench.environ.pop("UV", None)
    bench.environ["PATH"] = str(bench.folder)
    with pytest.raises(SetupError, match="get it with: pip install uv"):
        bench.make(bench.setup(bare))


def test_a_python_that_is_not_there_is_named(bench: Bench, bare: Interpreter) -> None:
    bench.environ["UV_PYTHON_DOWNLOADS"] = "never"
    setup = bench.setup(msgspec.structs.replace(bare, python="3.99"))
    with pytest.raises(
        SetupError, match=r"(?s)CPython 3.99 cannot be used.*uv python install 3.99"
    ):
        bench.make(setup)
    assert setup.status().state == "not made"


def test_a_package_that_is_not_there_is_told_in_the_words_of_uv(
    bench: Bench, tiny: Interpreter
) -> None:
    setup = bench.setup(msgspec.structs.replace(tiny, requirements=("automem-none==1",)))
    with pytest.raises(SetupError, match=r"(?s)automem-none.*the log is .*setup-tiny\.log"):
        bench.make(setup)


def test_without_a_network_the_other_way_is_said(bench: Bench, tiny: Interpreter) -> None:
    bench.instead_of_uv('[ "$1" = venv ] && exec "$real" "$@"\necho "Failed to fetch: x"\nexit 2')
    with pytest.raises(SetupError, match=r"(?s)Failed to fetch: x.*PIP_FIND_LINKS"):
        bench.make(bench.setup(tiny))


def test_a_full_disk_is_called_so_and_leaves_nothing(bench: Bench, bare: Interpreter) -> None:
    bench.instead_of_uv('mkdir -p "$7/lib"\necho "error: No space left (os error 28)"\nexit 2')
    setup = bench.setup(bare)
    with pytest.raises(SetupError, match=r"the disk that holds .*interpreters is full; make room"):
        bench.make(setup)
    assert [path.name for path in setup.place.folder.parent.iterdir()] == [".tiny.lock"]


def test_whatever_is_written_to_a_full_disk_is_called_so(bench: Bench, bare: Interpreter) -> None:
    class Full(list[str]):
        def append(self, line: str) -> None:
            raise OSError(errno.ENOSPC, "as written to a full disk", line)

    bench.told = Full()
    with pytest.raises(SetupError, match="is full; make room"):
        bench.make(bench.setup(bare))


def test_a_home_that_is_no_folder_is_named(bench: Bench, bare: Interpreter) -> None:
    bench.root.write_text("not a folder", encoding="utf-8")
    with pytest.raises(SetupError, match=r"cannot write .*home"):
        bench.make(bench.setup(bare))


def test_a_failed_set_up_leaves_the_one_before_it(bench: Bench, tiny: Interpreter) -> None:
    bench.make(bench.setup(tiny))
    worse = msgspec.structs.replace(tiny, steps=(("-c", "import sys; sys.exit('no, ' * 40)"),))
    with pytest.raises(SetupError, match=r"running its step: -c import sys.*failed with status 1"):
        bench.make(bench.setup(worse))
    assert imported(bench) == "1.0"
    assert bench.setup(tiny).status().state == "made"


def test_a_program_that_is_killed_is_told(bench: Bench, bare: Interpreter) -> None:
    bench.instead_of_uv("kill -9 $$")
    with pytest.raises(SetupError, match="was killed by signal 9"):
        bench.make(bench.setup(bare))


def test_a_uv_that_cannot_be_run_is_named(bench: Bench, bare: Interpreter) -> None:
    bench.environ["UV"] = str(bench.folder)
    with pytest.raises(SetupError, match=r"cannot run .*: Permission denied"):
        bench.make(bench.setup(bare))


def test_programs_know_no_secret_but_those_of_uv(bench: Bench, bare: Interpreter) -> None:
    bench.instead_of_uv('exec "$real" "$@"')
    bench.environ |= {"SOME_API_KEY": "hidden", "UV_INDEX_X_PASSWORD": "of uv", "PYTHONPATH": "x"}
    names = {"SOME_API_KEY", "UV_INDEX_X_PASSWORD", "PYTHONPATH"}
    code = f"import os; print(sorted({names} & {{*os.environ}}))"
    setup = bench.setup(msgspec.structs.replace(bare, steps=(("-c", code),)))
    bench.make(setup)
    assert "\n['UV_INDEX_X_PASSWORD']\n" in setup.place.log.read_text(encoding="utf-8")


def test_packages_without_what_they_depend_on_are_installed_alone(
    bench: Bench, tiny: Interpreter
) -> None:
    setup = bench.setup(
        msgspec.structs.replace(tiny, requirements=(), unresolved=tiny.requirements)
    )
    bench.make(setup)
    assert imported(bench) == "1.0"
    assert "--no-deps" in setup.place.log.read_text(encoding="utf-8")


def test_an_interpreter_is_taken_away(bench: Bench, bare: Interpreter) -> None:
    setup = bench.setup(bare)
    bench.make(setup)
    assert remove(setup, bench.told.append)
    assert setup.status().state == "not made"
    assert not remove(setup, bench.told.append)
