"""The backend tiny against transformers and peft, and against the engine that uses torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from automem.models.engines import EngineRequest
from automem.records.model import Message, ModelRequest, Sampling
from automem_backends.engines.engine import client, open_engine
from automem_backends.engines.options import EngineOptions
from automem_backends.local.engine import LOCAL
from automem_tiny.engine import Ask, Engine
from automem_tiny.folders import model
from automem_tiny.testing import build_adapter, build_model

from .engines import run_local

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

TOKENS = 24
SEEN = """\
You see:
- grass 1 step to your west
- tree {steps} steps to your north

You have nothing in your inventory."""
PROMPTS = [
    "you see a cow to the north, step",
    *(f"PLAN.\n\n## Now (hour 0)\n{SEEN.format(steps=steps)}" for steps in (2, 5)),
]


@dataclass(frozen=True)
class Materials:
    """A model, and adapters of it by name."""

    model: Path
    adapters: dict[str, Path]

    @property
    def named(self) -> list[str]:
        """As the scripts of this folder take them."""
        return [f"{name}={path}" for name, path in self.adapters.items()]


def shipped(folder: Path) -> Materials:
    """The model that comes with automem-tiny."""
    adapters = {
        "plain": build_adapter(folder / "plain", model(), rank=8),
        "root": build_adapter(folder / "root", model(), rank=3, seed=1, use_rslora=True),
        "some": build_adapter(folder / "some", model(), seed=2, targets=("v", "down")),
    }
    return Materials(model(), adapters)


def peft_made(folder: Path) -> Materials:
    """A model that transformers saved, without biases, and adapters that peft did."""
    run_local(
        "build_model.py", str(folder), "--type", "llama", "--adapter", "a=4", "--adapter", "b=8"
    )
    adapters = {name: folder / "adapters" / name for name in ("a", "b")}
    return Materials(folder / "model", adapters)


def odd(folder: Path) -> Materials:
    """A model of other proportions: as many keys as queries, its head not its embedding."""
    made = build_model(
        folder / "model",
        num_key_value_heads=4,
        hidden_size=40,
        head_dim=12,
        num_hidden_layers=3,
        tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 700.0},
    )
    return Materials(made, {"one": build_adapter(folder / "one", made)})


@pytest.fixture(scope="module", params=[shipped, peft_made, odd], ids=lambda make: make.__name__)
def materials(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Materials:
    return request.param(tmp_path_factory.mktemp("tiny"))


def asks(adapter: Path | None, prompts: list[str] = PROMPTS) -> list[Ask]:
    return [
        Ask(
            messages=(Message(role="user", content=prompt),),
            temperature=0.0,
            max_tokens=TOKENS,
            adapter=None if adapter is None else str(adapter),
        )
        for prompt in prompts
    ]


def test_logits_are_those_of_transformers_and_peft(materials: Materials, tmp_path: Path) -> None:
    engine = Engine.load(materials.model)
    prompts = [engine.text.prompt(ask.messages) for ask in asks(None)]
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps([prompt.tolist() for prompt in prompts]), encoding="utf-8")
    wanted = json.loads(
        run_local("tiny_logits.py", str(materials.model), str(file), *materials.named)
    )
    by_name = {"base": None, **materials.adapters}
    for name, path in by_name.items():
        adapter = None if path is None else engine.adapter(str(path))
        engine.network.arena.lengths[:] = 0
        found = engine.network.read(
            [(slot, prompt, adapter) for slot, prompt in enumerate(prompts)]
        )
        np.testing.assert_allclose(found, wanted[name], rtol=0, atol=1e-3)
    apart = np.array(wanted["base"]) - np.array(wanted[next(iter(materials.adapters))])
    assert np.abs(apart).max() > 0.1


def test_greedy_answers_are_those_of_transformers_and_peft(
    materials: Materials, tmp_path: Path
) -> None:
    file = tmp_path / "prompts.json"
    file.write_text(json.dumps(PROMPTS), encoding="utf-8")
    wanted = json.loads(
        run_local("reference.py", str(materials.model), str(file), str(TOKENS), *materials.named)
    )
    engine = Engine.load(materials.model)
    for name, path in {"base": None, **materials.adapters}.items():
        found = [answer.text for answer in engine.answer(asks(path))]
        assert found == wanted[name], name


@pytest.mark.anyio
async def test_greedy_answers_are_those_of_the_local_engine(
    materials: Materials, tmp_path: Path
) -> None:
    given = [str(path) for path in materials.adapters.values()]
    request = EngineRequest(
        backend="local",
        model=str(materials.model),
        adapters=(None, *given),
        options=EngineOptions(),
        logs=tmp_path,
        tell=lambda _: None,
    )
    ours = Engine.load(materials.model)
    async with open_engine(LOCAL, request) as engine:
        await engine.ready()
        for adapter in (None, *given):
            backend = client(LOCAL, adapter, request.options, engine)
            wanted: list[str] = []
            for prompt in PROMPTS:
                reply = await backend.complete(
                    ModelRequest(
                        messages=(Message(role="user", content=prompt),),
                        sampling=Sampling(temperature=0.0, max_tokens=TOKENS),
                    )
                )
                wanted.append(reply.text)
                (answer,) = ours.answer(asks(None if adapter is None else Path(adapter), [prompt]))
                assert reply.usage.input_tokens == answer.prompt_tokens
                assert reply.usage.output_tokens == answer.completion_tokens
                assert reply.finish == answer.finish
            await backend.aclose()
            found = ours.answer(asks(None if adapter is None else Path(adapter)))
            assert [answer.text for answer in found] == wanted
