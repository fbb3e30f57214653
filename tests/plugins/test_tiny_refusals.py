"""What the backend tiny refuses: folders, adapters and weights that cannot be served."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import pytest

from automem.errors import ConfigError, ServerError
from automem.records.training import DataIdentity, LoraSettings, Provenance, TrainingJob
from automem.testing.training_worker import base_identity
from automem_tiny.testing import build_model

from .opening import Opener, ask, request

pytestmark = pytest.mark.anyio


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    return Opener(build_model(tmp_path / "model"), tmp_path)


async def test_a_folder_that_nobody_foresaw_is_told_when_it_starts(opener: Opener) -> None:
    config = opener.model / "config.json"
    known = msgspec.json.decode(config.read_bytes())
    config.write_bytes(msgspec.json.encode({**known, "rope_parameters": "none"}))
    with pytest.raises(ServerError, match="cannot be served here: AttributeError: 'str' object"):
        async with opener.open():
            pass


async def test_what_is_no_model_or_adapter_is_refused_before_anything_starts(
    opener: Opener,
) -> None:
    with pytest.raises(ConfigError, match=r"holds no config\.json; name a folder with a small"):
        async with opener.open(model=str(opener.folder)):
            pass
    with pytest.raises(ConfigError, match=r"adapter: nowhere holds no adapter_config\.json"):
        async with opener.open("nowhere"):
            pass
    with pytest.raises(ConfigError, match="it uses DoRA; train with use_dora = false"):
        async with opener.open(opener.adapter("dora", use_dora=True)):
            pass


async def test_an_adapter_of_another_base_is_refused(opener: Opener) -> None:
    folder = Path(opener.adapter())
    wider = build_model(opener.folder / "wider", hidden_size=64)
    with pytest.raises(ServerError, match="was trained on another base"):
        async with opener.open(str(folder), model=str(wider)):
            pass
    (folder / "provenance.json").write_bytes(msgspec.json.encode(trained_on(opener.model)))
    opener.said.clear()
    async with opener.open(str(folder)):
        assert opener.said == []
    build_model(opener.folder / "another", seed=1)
    with pytest.raises(ConfigError, match=r"was trained on .*: the weights differ; serve that"):
        async with opener.open(str(folder), model=str(opener.folder / "another")):
            pass


async def test_an_adapter_that_was_changed_does_not_go_by_its_name_in_another_worker(
    opener: Opener,
) -> None:
    folder = opener.adapter()
    async with opener.open(folder) as engine:
        assert engine.process is not None
        opener.adapter("other", seed=7)
        for file in (opener.folder / "other").iterdir():
            (Path(folder) / file.name).write_bytes(file.read_bytes())
        os.kill(engine.process.pid, signal.SIGKILL)
        with pytest.raises(ServerError, match="is not what it was when the run began"):
            await ask(engine, request("where?"), folder)


def trained_on(base: Path) -> Provenance:
    return Provenance(
        base=base_identity(str(base)),
        data=DataIdentity(hash="d", examples=1, tokens=1, labelled=1, truncated=0),
        job=TrainingJob(
            trainer="peft",
            base=str(base),
            data="d",
            examples="",
            examples_sha256="",
            lora=LoraSettings(),
        ),
        versions={},
        steps=1,
        seconds=1.0,
        losses=(1.0,),
        adapter_sha256="",
    )


async def test_damaged_weights_are_told_when_it_starts(opener: Opener) -> None:
    (opener.model / "model.safetensors").write_bytes(b"none")
    with pytest.raises(ServerError, match=r"model.safetensors cannot be read: .*put it there anew"):
        async with opener.open():
            pass


async def test_a_context_that_memory_does_not_hold_is_told_when_it_starts(opener: Opener) -> None:
    config = opener.model / "config.json"
    known = msgspec.json.decode(config.read_bytes())
    config.write_bytes(msgspec.json.encode({**known, "max_position_embeddings": 1 << 36}))
    with pytest.raises(ServerError, match=r"too large to be computed .* Lower max_num_seqs"):
        async with opener.open():
            pass
