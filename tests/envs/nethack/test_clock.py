"""The clock of a copy of the library."""

from __future__ import annotations

from pathlib import Path

from automem_envs.nethack.clock import clock_patches, freeze_clock
from automem_envs.nethack.engine import LIBRARY


def test_a_file_that_is_no_library_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "library"
    path.write_bytes(b"something else" * 10)
    assert clock_patches(path, 1) == ()
    freeze_clock(path, ())
    assert path.read_bytes() == b"something else" * 10


def test_little_is_changed_in_a_copy_of_the_library(tmp_path: Path) -> None:
    copy = tmp_path / "copy.so"
    original = LIBRARY.read_bytes()
    copy.write_bytes(original)
    patches = clock_patches(LIBRARY, 1718366400)
    freeze_clock(copy, patches)
    changed = copy.read_bytes()
    assert len(changed) == len(original)
    assert LIBRARY.read_bytes() == original
    assert 0 < sum(a != b for a, b in zip(changed, original, strict=True)) < 100
    assert len(patches) == 4


def test_the_libraries_of_other_processors_get_code_of_their_own(tmp_path: Path) -> None:
    content = bytearray(LIBRARY.read_bytes())
    codes: set[bytes] = set()
    for machine in (62, 183, 40):
        content[18:20] = machine.to_bytes(2, "little")
        path = tmp_path / f"{machine}.so"
        path.write_bytes(content)
        codes.update(code for _, code in clock_patches(path, 0x1234)[1:2])
    returns = {b"\xc3", b"\xc0\x03\x5f\xd6"}
    assert {next(end for end in returns if code.endswith(end)) for code in codes} == returns
