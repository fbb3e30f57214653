"""The engine of automem-tiny: the textbook's logits, whatever is batched, kept or sampled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from automem.errors import ModelError, ServerError
from automem.records.model import Message
from automem_tiny.engine import Answer, Ask, Engine
from automem_tiny.testing import build_adapter, build_model

from .textbook import textbook_logits

SAYINGS = (
    "where is the stone?",
    "where is the table? " * 5,
    "a",
    "where is the stone? " * 9 + "and the iron?",
)


def ask(said: str, system: str = "You play a game.", **fields: object) -> Ask:
    messages = (Message(role="system", content=system), Message(role="user", content=said))
    return Ask(**{"messages": messages, "max_tokens": 24, "temperature": 0.0, **fields})


def texts(answers: list[Answer]) -> list[str]:
    return [answer.text for answer in answers]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"attention_bias": False},
        {"tie_word_embeddings": False},
        {"num_key_value_heads": 4, "num_hidden_layers": 1},
        {"num_key_value_heads": 1, "hidden_size": 24, "head_dim": 16},
        {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}, "rms_norm_eps": 0.1},
    ],
    ids=str,
)
def test_logits_are_those_of_the_textbook(tmp_path: Path, config: dict[str, object]) -> None:
    model = build_model(tmp_path / "model", **config)
    network = Engine.load(model).network
    luck = np.random.default_rng(1)
    prompts = [luck.integers(0, 256, size) for size in (1, 150, 67)]
    whole = [textbook_logits(model, prompt.tolist()) for prompt in prompts]
    # In two pieces, then token by token, all beside one another.
    first = [prompt[: max(1, len(prompt) // 2)] for prompt in prompts]
    found = network.read([(slot, tokens, None) for slot, tokens in enumerate(first)])
    for slot, tokens in enumerate(first):
        np.testing.assert_allclose(found[slot], whole[slot][len(tokens) - 1], atol=2e-4)
    rest = [(slot, prompts[slot][len(first[slot]) : -3], None) for slot in (1, 2)]
    found = network.read(rest)
    for row, (slot, _, _) in enumerate(rest):
        np.testing.assert_allclose(found[row], whole[slot][-4], atol=2e-4)
    for back in (3, 2, 1):
        tokens = np.array([0, prompts[1][-back], prompts[2][-back]])
        found = network.grow(tokens, [None] * 3)
        for slot in (1, 2):
            np.testing.assert_allclose(found[slot], whole[slot][-back], atol=2e-4)


def test_many_rows_are_computed_as_one_is(folder: Path) -> None:
    network = Engine.load(folder, at_once=40).network
    prompt = np.arange(20)
    network.read([(slot, prompt, None) for slot in range(40)])
    alone = network.grow(np.array([7]), [None])
    network.arena.lengths[0] -= 1
    np.testing.assert_allclose(network.grow(np.full(40, 7), [None] * 40)[5], alone[0], atol=1e-4)


def test_a_batch_says_what_each_says_alone(folder: Path) -> None:
    asks = [ask(said) for said in SAYINGS]
    together = Engine.load(folder).answer(asks)
    alone = [Engine.load(folder).answer([one])[0] for one in asks]
    assert texts(together) == texts(alone)
    assert [one.prompt_tokens for one in together] == [one.prompt_tokens for one in alone]
    assert all(0 < one.completion_tokens <= 24 for one in together)
    assert texts(Engine.load(folder, at_once=2).answer(asks)) == texts(alone)


def test_the_same_calls_of_a_new_engine_give_the_same_answers(folder: Path) -> None:
    asks = [ask(said, temperature=1.0, seed=number) for number, said in enumerate(SAYINGS * 2)]
    one, other = (Engine.load(folder) for _ in range(2))
    assert one.answer(asks) == other.answer(asks)
    assert one.answer(asks[:3]) == other.answer(asks[:3])


def test_a_seed_decides_alone_between_tokens(folder: Path) -> None:
    asks = [ask(SAYINGS[0], temperature=1.0, seed=seed) for seed in (1, 2, 3, 1)]
    answers = texts(Engine.load(folder).answer(asks))
    assert answers[0] == answers[3]
    assert len(set(answers)) == 3
    assert texts(Engine.load(folder).answer(asks[::-1])) == answers[::-1]


def test_a_model_is_played_at_the_temperature_it_is_shipped_with(tmp_path: Path) -> None:
    folder = build_model(tmp_path / "model")
    warm = texts(Engine.load(folder).answer([ask(SAYINGS[0], temperature=None, seed=5)]))
    assert warm == texts(Engine.load(folder).answer([ask(SAYINGS[0], temperature=1.0, seed=5)]))
    (folder / "generation_config.json").write_text('{"temperature": 0.0}', encoding="utf-8")
    cold = texts(Engine.load(folder).answer([ask(SAYINGS[0], temperature=None, seed=5)]))
    assert cold == texts(Engine.load(folder).answer([ask(SAYINGS[0], temperature=0.0)]))
    assert cold != warm
    (folder / "generation_config.json").write_text('{"temperature": "warm"}', encoding="utf-8")
    with pytest.raises(ServerError, match="its temperature is 'warm'; put it there anew"):
        Engine.load(folder)


def test_a_small_nucleus_leaves_the_most_probable_token(folder: Path) -> None:
    engine = Engine.load(folder)
    greedy, narrow = engine.answer(
        [ask(SAYINGS[1]), ask(SAYINGS[1], temperature=1.0, top_p=0.001, seed=5)]
    )
    assert narrow.text == greedy.text


def test_a_further_turn_begins_where_the_last_one_ended(folder: Path) -> None:
    engine = Engine.load(folder)
    first = ask(SAYINGS[1])
    said = engine.answer([first])[0]
    assert said.cached_tokens == 0
    further = Ask(
        messages=(
            *first.messages,
            Message(role="assistant", content=said.text),
            Message(role="user", content="go on"),
        ),
        temperature=0.0,
        max_tokens=24,
    )
    (kept,) = engine.answer([further])
    assert kept.cached_tokens >= said.prompt_tokens
    (whole,) = Engine.load(folder, kept_tokens=0).answer([further])
    assert (kept.text, whole.cached_tokens) == (whole.text, 0)


def test_what_conversations_begin_with_in_common_is_computed_once(folder: Path) -> None:
    engine = Engine.load(folder)
    answers = engine.answer([ask(said, "rules " * 20) for said in SAYINGS])
    assert answers[0].cached_tokens == 0
    assert all(one.cached_tokens > 120 for one in answers[1:])


def test_what_was_not_looked_at_for_longest_is_forgotten(folder: Path) -> None:
    engine = Engine.load(folder, kept_tokens=150)
    one, other = ask(SAYINGS[0], "first"), ask(SAYINGS[0], "other " * 10)
    engine.answer([one])
    assert engine.answer([one])[0].cached_tokens > 40
    engine.answer([other])
    assert engine.answer([one])[0].cached_tokens < 40
    engine = Engine.load(folder, kept_tokens=10)
    engine.answer([one])
    assert engine.answer([one])[0].cached_tokens == 0


def test_an_answer_ends_where_the_model_ends_it_or_at_a_stop_or_its_limit(folder: Path) -> None:
    engine = Engine.load(folder)
    (long,) = engine.answer([ask(SAYINGS[0], max_tokens=60)])
    cut, stopped = engine.answer(
        [ask(SAYINGS[0], max_tokens=3), ask(SAYINGS[0], max_tokens=60, stop=(long.text[4:7],))]
    )
    assert (cut.finish, cut.completion_tokens) == ("length", 3)
    assert stopped.finish == "stop"
    assert stopped.text == long.text[: long.text.index(long.text[4:7]) + 3]
    end = engine.text.tokenizer.encode(long.text[5:6]).ids[0]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    ends = build_model(folder.parent / "ends", eos_token_id=[config["eos_token_id"], end])
    (ended,) = Engine.load(ends).answer([ask(SAYINGS[0], max_tokens=60)])
    assert ended.finish == "stop"
    assert ended.text == long.text[: long.text.index(long.text[5:6])]
    assert 1 < ended.completion_tokens < 10


def test_a_conversation_that_does_not_fit_is_refused_with_what_to_do(folder: Path) -> None:
    engine = Engine.load(folder)
    with pytest.raises(ModelError, match="longer than the model's context of 512 tokens") as found:
        engine.answer([ask("x" * 600)])
    assert (found.value.status, found.value.retryable) == (400, False)
    with pytest.raises(ModelError, match="lower max_tokens, or the scaffold's limits"):
        engine.answer([ask("x", max_tokens=500)])
    (filled,) = engine.answer([ask("x" * 400, max_tokens=None)])
    assert filled.finish == "stop" or filled.prompt_tokens + filled.completion_tokens == 512
    with pytest.raises(ModelError, match=r"512 tokens \(10000\d\d bytes of the prompt\): lower"):
        engine.answer([ask("x" * 1_000_000)])
    # Whoever was refused left nothing behind.
    assert engine.running == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "qwen2"}, "its model_type is 'qwen2'"),
        ({"hidden_act": "gelu"}, "its hidden_act is 'gelu'"),
        ({"mlp_bias": True}, "its mlp_bias is True"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "its rope_type is 'yarn'"),
        ({"num_key_value_heads": 3}, "its heads do not divide"),
        ({"vocab_size": 300}, r"model.embed_tokens.weight has the shape \(259, 32\)"),
        ({"vocab_size": 100}, "they do not belong together"),
        ({"num_hidden_layers": 3}, r"model.layers.2.* is missing"),
        ({"num_hidden_layers": 1}, "holds what its config.json says nothing of"),
        ({"hidden_size": "wide"}, "hidden_size"),
        ({"rms_norm_eps": -1.0}, "rms_norm_eps"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps"),
        ({"rms_norm_eps": float("inf")}, "rms_norm_eps"),
        ({"rope_parameters": {"rope_theta": 0}}, "rope_theta"),
        ({"rope_parameters": {"rope_theta": float("nan")}}, "rope_theta"),
    ],
    ids=str,
)
def test_another_model_is_refused(folder: Path, tmp_path: Path, config: object, said: str) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    known = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    changed = json.dumps({**known, **config})  # type: ignore[dict-item]
    (tmp_path / "config.json").write_text(changed, encoding="utf-8")
    with pytest.raises(ServerError, match=said):
        Engine.load(tmp_path)


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"]
)
def test_a_folder_that_is_damaged_or_not_complete_is_refused(
    folder: Path, tmp_path: Path, name: str
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / name).write_text("{% if", encoding="utf-8")
    with pytest.raises(ServerError, match=r"damaged|cannot be read"):
        Engine.load(tmp_path)
    (tmp_path / name).write_text("[" * 200_000, encoding="utf-8")
    if name != "chat_template.jinja":
        with pytest.raises(ServerError, match=r"damaged|cannot be read"):
            Engine.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ServerError, match=r"missing|no chat template"):
        Engine.load(tmp_path)


def test_weights_that_numpy_has_no_type_for_are_refused(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = tmp_path / "model.safetensors"
    raw = file.read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    header = raw[8:end].replace(b'"F16"', b'"BF16"')
    file.write_bytes(len(header).to_bytes(8, "little") + header + raw[end:])
    with pytest.raises(ServerError, match=r"numbers of the type BF16, .* save it in float16"):
        Engine.load(tmp_path)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(
    folder: Path, tmp_path: Path, number: float
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["model.layers.1.mlp.up_proj.weight"][3, 5] = number
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(ServerError, match=r"1\.mlp\.up_proj\.weight holds numbers .* there anew"):
        Engine.load(tmp_path)


def test_numbers_that_become_too_large_are_no_answer(tmp_path: Path) -> None:
    # Finite as they are, and a norm would make 0 of what becomes of them.
    model = build_model(tmp_path / "model", rms_norm_eps=1e39)
    with pytest.raises(ServerError, match="computes numbers that are not finite"):
        Engine.load(model).answer([ask(SAYINGS[0])])


def test_a_template_may_refuse_a_conversation(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    template = "{{ raise_exception('no such role: ' + messages[0].role) }}"
    (tmp_path / "chat_template.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(ModelError, match="the chat template refused: no such role: system"):
        Engine.load(tmp_path).answer([ask("x")])


def test_a_template_that_makes_nothing_of_a_conversation_leaves_others_alone(
    folder: Path, tmp_path: Path
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    template = "{% if messages | length > 2 %}{{ messages[2].content }}{% endif %}"
    (tmp_path / "chat_template.jinja").write_text(template, encoding="utf-8")
    engine = Engine.load(tmp_path)
    with pytest.raises(ModelError, match="the model's chat template makes nothing of") as found:
        engine.begin(ask("x"))
    assert (found.value.status, found.value.retryable) == (400, False)
    longer = (*ask("x").messages, Message(role="user", content="where?"))
    assert engine.answer([ask("x", messages=longer)])[0].prompt_tokens == 6


def test_adapters_answer_beside_their_base_in_one_batch(folder: Path, tmp_path: Path) -> None:
    one, other = (build_adapter(tmp_path / str(seed), folder, seed=seed) for seed in (1, 2))
    adapters = (None, str(one), str(other), str(one), None)
    asks = [ask(SAYINGS[1], adapter=adapter) for adapter in adapters]
    together = texts(Engine.load(folder).answer(asks))
    alone = [Engine.load(folder).answer([single])[0].text for single in asks]
    assert together == alone
    assert len(set(together)) == 3


def test_nothing_is_shared_between_adapters(folder: Path, tmp_path: Path) -> None:
    adapter = str(build_adapter(tmp_path / "one", folder))
    engine = Engine.load(folder)
    engine.answer([ask(SAYINGS[1])])
    assert engine.answer([ask(SAYINGS[1], adapter=adapter)])[0].cached_tokens == 0
    assert engine.answer([ask(SAYINGS[1], adapter=adapter)])[0].cached_tokens > 100
