"""An adapter is what its folder holds."""

from __future__ import annotations

from pathlib import Path

from automem.models.adapters import content_name, identity, is_folder
from automem.testing.adapters import write_adapter


def test_what_is_no_folder_is_a_name(tmp_path: Path) -> None:
    assert not is_folder("memory")
    assert identity("memory") == "memory"
    assert identity(str(tmp_path)) == str(tmp_path)


def test_the_same_content_has_the_same_identity_wherever_it_lies(tmp_path: Path) -> None:
    one = write_adapter(tmp_path / "a" / "memory")
    two = write_adapter(tmp_path / "b" / "memory")
    assert identity(str(one)) == identity(f"{two}/") == content_name(two)
    assert identity(str(one)).startswith("memory-")


def test_other_weights_and_other_settings_make_another(tmp_path: Path) -> None:
    names = {
        identity(str(write_adapter(tmp_path / "memory", rank=rank, weights=weights)))
        for rank, weights in [(8, b"1"), (8, b"2"), (16, b"1")]
    }
    assert len(names) == 3


def test_a_name_is_short_and_plain(tmp_path: Path) -> None:
    name = identity(str(write_adapter(tmp_path / ("my adapter: v1 " + "x" * 100))))
    assert name.startswith("my_adapter__v1_xxx")
    assert len(name) == 40 + 1 + 12
