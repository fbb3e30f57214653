"""An adapter that was trained for real: merged, given to peft, and served by real engines."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from automem.errors import AdapterError, ConfigError
from automem.models.engines import EngineRequest
from automem.models.served import read_adapter
from automem.records.training import PROJECTIONS, LoraSettings, TrainingJob
from automem_backends.engines.engine import open_engine
from automem_train.adapters.exporting import export_adapter, export_merged
from automem_train.trainers.peft import PeftOptions, PeftTrainer
from automem_train.training.running import Patience, train

from .engines import KINDS, Name
from .training.interpreters import HERE, peft_python, run
from .training.sittings import examples

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]
PROMPTS = ("you see a wall to the north", "step, and note a door", "append to the map: water")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny base, and an adapter that was trained on it."""
    folder = tmp_path_factory.mktemp("made")
    built = run(peft_python(), str(HERE.parent / "build_model.py"), str(folder))
    assert built.returncode == 0, built.stderr
    text = examples(24)
    (folder / "examples.jsonl").write_text(text, encoding="utf-8")
    lora = LoraSettings(rank=8, learning_rate=5e-3, epochs=6, accumulate=2, targets=PROJECTIONS)
    job = TrainingJob(
        trainer="peft",
        base=str(folder / "model"),
        data="d" * 16,
        examples=str(folder / "examples.jsonl"),
        examples_sha256=hashlib.sha256(text.encode()).hexdigest(),
        lora=lora,
        precision="float32",
    )
    adapter = folder / "adapters" / job.key

    async def work() -> None:
        said = await train(job, PeftTrainer(PeftOptions()), adapter, patience=Patience(grace=30.0))
        sys.stderr.write(f"\nloss {said.losses[0]:.3f} -> {said.losses[-1]:.3f}\n")

    anyio.run(work)
    return folder / "model", adapter


def compared(base: Path, adapter: Path, merged: Path) -> dict[str, Any]:
    ran = run(
        peft_python(),
        str(Path(__file__).with_name("adapter_logits.py")),
        *map(str, (base, adapter, merged)),
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.anyio
async def test_a_merged_model_says_what_base_and_adapter_say(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    base, adapter = made
    export_adapter(adapter, tmp_path / "given")
    await export_merged(adapter, tmp_path / "whole", dtype="float32")
    found = compared(base, tmp_path / "given", tmp_path / "whole")
    sys.stderr.write(f"\n{found}\n")
    assert found["difference"] < 1e-4 and found["loaded"] == 0.0
    assert found["adapter"] > 0.1
    assert found["missing"] == [] and found["template"]
    assert (found["dtype"], found["said"]) == ("float32", "float32")
    left = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {"README.md", "provenance.json", "model.safetensors", "tokenizer.json"} <= left
    assert not left & {"merge.json", "worker.log", "failure.txt"}


@pytest.mark.anyio
async def test_a_sum_is_cast_once(made: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter = made
    await export_merged(adapter, tmp_path / "half", dtype="bfloat16")
    found = compared(base, adapter, tmp_path / "half")
    sys.stderr.write(f"\n{found}\n")
    # What peft merges in float32 and casts then has the same bits.
    assert (found["dtype"], found["unequal"]) == ("bfloat16", [])


@pytest.mark.anyio
async def test_another_base_is_refused_by_all(made: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter = made
    other = tmp_path / "other"
    other.mkdir()
    for file in base.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    assert read_adapter(str(adapter), str(other)).unknown == ""
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    with pytest.raises(AdapterError, match=r"is not the base .* the weights differ"):
        await export_merged(adapter, tmp_path / "whole", dtype="float32", base=str(other))
    with pytest.raises(ConfigError, match=r"was trained on .*model, not on .*: the weights differ"):
        read_adapter(str(adapter), str(other))


async def ask(session: aiohttp.ClientSession, url: str, model: str, text: str) -> str:
    """The greedy answer."""
    messages = [{"role": "user", "content": text}]
    body = {"model": model, "messages": messages, "max_tokens": 16, "temperature": 0}
    async with session.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["choices"][0]["message"]["content"]


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["local", "vllm"])
async def test_engines_serve_both_alike(
    made: tuple[Path, Path], tmp_path: Path, name: Name, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    base, adapter = made
    await export_merged(adapter, tmp_path / "whole", dtype="float32")
    kind, _, options = KINDS[name](tmp_path / "unused")
    said: list[str] = []

    async def answers(model: Path, given: str | None) -> list[str]:
        adapters = (None,) if given is None else (None, given)
        request = EngineRequest(
            backend=kind.name,
            model=str(model),
            adapters=adapters,
            options=options,
            logs=tmp_path,
            tell=said.append,
        )
        async with open_engine(kind, request) as engine, aiohttp.ClientSession() as session:
            await engine.ready()
            return [
                await ask(
                    session, f"{engine.urls[0]}/chat/completions", engine.served_name(given), text
                )
                for text in PROMPTS
            ]

    beside = await answers(base, str(adapter))
    merged = await answers(tmp_path / "whole", None)
    sys.stderr.write(f"\n{name}: {beside}\n")
    assert merged == beside
    assert not [line for line in said if "were not compared" in line]
