"""What was changed in an adapter after its training is told, and not gone on with."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from automem.models.adapters import read_provenance
from automem.testing.trainer import ToyTrainer
from automem_train.training.folder import TrainingFolder
from automem_train.training.running import train

from .conftest import Call, Trained

SETTINGS = "adapter_config.json"


def scaled(adapter: Path) -> None:
    path = adapter / SETTINGS
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"lora_alpha":8', '"lora_alpha":800'), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text


def elsewhere(adapter: Path) -> None:
    """A link to a file that nobody meant to give away."""
    secret = adapter.parent / "secret.txt"
    secret.write_text("of nobody's business", encoding="utf-8")
    (adapter / SETTINGS).unlink()
    (adapter / SETTINGS).symlink_to(secret)


@pytest.mark.parametrize("tamper", [scaled, elsewhere])
def test_other_settings_are_told_and_not_exported(
    call: Call, trained: Trained, tmp_path: Path, tamper: object
) -> None:
    assert callable(tamper)
    tamper(trained.whole)
    for done in (
        call("show", str(trained.whole)),
        call("export", str(trained.whole), "--out", "o"),
    ):
        assert done.code == 1
        assert f"{SETTINGS} is damaged, or of another adapter" in done.err
    assert not list(tmp_path.rglob("README.md"))


def test_other_settings_are_trained_again(trained: Trained) -> None:
    said = read_provenance(trained.whole)
    before = (trained.whole / SETTINGS).read_bytes()
    scaled(trained.whole)
    folder = TrainingFolder(trained.whole)
    assert f"left a {SETTINGS} that is not the one" in (folder.problem(said.job) or "")

    async def again() -> None:
        await train(said.job, ToyTrainer(), trained.whole)

    anyio.run(again)
    assert (trained.whole / SETTINGS).read_bytes() == before
    assert folder.problem(said.job) is None


def test_weights_without_a_hash_are_not_believed(call: Call, trained: Trained) -> None:
    path = trained.whole / "provenance.json"
    said = read_provenance(trained.whole)
    text = path.read_text(encoding="utf-8").replace(said.adapter_sha256, "")
    path.write_text(text, encoding="utf-8")
    assert "left a adapter_model" in (TrainingFolder(trained.whole).problem(said.job) or "")
    assert call("show", str(trained.whole)).code == 1


def test_settings_that_nobody_hashed_are_taken_as_they_are(trained: Trained) -> None:
    path = trained.whole / "provenance.json"
    said = read_provenance(trained.whole)
    text = path.read_text(encoding="utf-8").replace(said.settings_sha256, "")
    path.write_text(text, encoding="utf-8")
    scaled(trained.whole)
    assert TrainingFolder(trained.whole).problem(said.job) is None
