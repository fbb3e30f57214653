"""A base is found where it lies, and told from every other by its files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from automem.models.bases import (
    base_folder,
    compare_base,
    content_name,
    file_sha256,
    weight_files,
    weights_sha256,
)
from automem.records.training import BaseIdentity

FILES = ("config.json", "tokenizer.json", "model-1.safetensors", "model-2.safetensors")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A model of four small files."""
    folder = tmp_path / "base"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def identity(folder: Path, model: str = "org/base") -> BaseIdentity:
    return BaseIdentity(
        model=model,
        config_sha256=file_sha256(folder / "config.json"),
        weights_sha256=weights_sha256(folder),
        tokenizer_sha256=file_sha256(folder / "tokenizer.json"),
        template_sha256="",
    )


def cached(base: Path, cache: Path, revision: str) -> Path:
    """The base as a hub's cache has it: links to files that are named by their hashes."""
    blobs = cache / "models--org--base" / "blobs"
    snapshot = cache / "models--org--base" / "snapshots" / revision
    blobs.mkdir(parents=True, exist_ok=True)
    snapshot.mkdir(parents=True)
    for name in FILES:
        content = (base / name).read_bytes()
        blob = blobs / hashlib.sha256(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / name).symlink_to(blob)
    return snapshot


def test_a_model_is_named_by_its_folder_and_whatever_its_answers_depend_on(base: Path) -> None:
    before = content_name(base)
    assert before.startswith("base-")
    (base / "README.md").write_text("a card", encoding="utf-8")
    assert content_name(base) == before
    names = {before}
    others = ("chat_template.jinja", "generation_config.json", "tokenizer_config.json")
    for name in (*others, *FILES):
        (base / name).write_text(f"another {name}", encoding="utf-8")
        names.add(content_name(base))
    assert len(names) == 8


def test_the_same_files_are_the_same_base_under_any_name(base: Path) -> None:
    found = compare_base(identity(base, "/elsewhere"), str(base))
    assert (found.differs, found.unknown) == ("", "")


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("config.json", "config.json differs"),
        ("tokenizer.json", "tokenizer.json differs"),
        ("model-2.safetensors", "the weights differ"),
    ],
)
def test_any_other_file_makes_it_another_base(base: Path, name: str, differs: str) -> None:
    known = identity(base)
    (base / name).write_text("other", encoding="utf-8")
    assert compare_base(known, str(base)).differs == differs


def test_weights_that_take_too_long_to_read_are_named(base: Path) -> None:
    known = identity(base)
    (base / "model-2.safetensors").write_text("other", encoding="utf-8")
    found = compare_base(known, str(base), most_bytes=10)
    assert found.differs == "" and "were not compared: 0.0 GiB take too long" in found.unknown
    for path in weight_files(base):
        path.unlink()
    assert "were not compared: there are none" in compare_base(known, str(base)).unknown


def test_a_hubs_cache_is_compared_without_reading_its_weights(base: Path, tmp_path: Path) -> None:
    environ = {"HF_HUB_CACHE": str(tmp_path / "hub")}
    known = identity(base)
    snapshot = cached(base, tmp_path / "hub", "one")
    assert base_folder("org/base", environ) == snapshot
    found = compare_base(known, "org/base", most_bytes=0, environ=environ)
    assert (found.differs, found.unknown) == ("", "")
    assert weights_sha256(snapshot) == weights_sha256(base)


def test_the_main_revision_of_a_cache_is_the_one_that_is_meant(base: Path, tmp_path: Path) -> None:
    environ = {"HF_HOME": str(tmp_path)}
    one = cached(base, tmp_path / "hub", "one")
    cached(base, tmp_path / "hub", "two")
    main = tmp_path / "hub" / "models--org--base" / "refs" / "main"
    main.parent.mkdir()
    main.write_text("one\n", encoding="utf-8")
    assert base_folder("org/base", environ) == one
    main.write_text("gone", encoding="utf-8")
    assert base_folder("org/base", environ) is not None


def test_a_model_that_is_not_here_is_known_by_its_name_alone(base: Path, tmp_path: Path) -> None:
    environ = {"HF_HOME": str(tmp_path / "none")}
    known = identity(base)
    assert "its name was compared" in compare_base(known, "org/base", environ=environ).unknown
    assert compare_base(known, "org/other", environ=environ).differs == "its name differs"
    served = compare_base(known, "base", alias=True, environ=environ)
    assert served.differs == "" and "trained on org/base" in served.unknown
