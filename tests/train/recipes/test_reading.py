"""A recipe is read with the path of each key that is wrong; what is written reads to the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.errors import DataError
from automem.files import write_json
from automem.records.training import ATTENTION, PROJECTIONS, LoraSettings
from automem.run.layout import RunFolder
from automem_train.dataset.record import Concentration, DataReport, DataSums
from automem_train.recipes.reading import parse_recipe, read_recipe, reused_data
from automem_train.recipes.recipe import Recipe, render_recipe

GOOD = """
data = "select"
[[lora]]
rank = 16
alpha = 32
learning_rate = 2e-4
epochs = 3
targets = ["v_proj", "q_proj"]
[[lora]]
rank = 8
alpha = 16.0
"""


def lora(line: str) -> str:
    return f"[[lora]]\n{line}\n"


def test_a_recipe_is_read_with_its_targets_in_the_order_of_a_block(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(GOOD, encoding="utf-8")
    recipe = read_recipe(tmp_path, most=2)
    assert recipe.selects
    assert [one.rank for one in recipe.lora] == [16, 8]
    assert recipe.lora[0].targets == ("q_proj", "v_proj")
    assert recipe.lora[1].targets == ATTENTION


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"recipe\.toml cannot be read"):
        read_recipe(tmp_path, most=2)
    file = tmp_path / "recipe.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"recipe\.toml cannot be read"):
        read_recipe(tmp_path, most=2)
    file.write_text("#" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match="more than 65,536 bytes"):
        read_recipe(tmp_path, most=2)
    file.write_text(lora("rank = 0"), encoding="utf-8")
    with pytest.raises(DataError, match=r"recipe\.toml: lora\[0\]\.rank: "):
        read_recipe(tmp_path, most=2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("data = ", "not TOML"),
        ("date = 'select'", r"date: a recipe has no such key; did you mean 'data'\?"),
        ("rank = 16", r"rank: a recipe has no such key; it belongs into \[\[lora\]\]"),
        ("x = 1", "x: a recipe has no such key; there are data and lora"),
        ("", "lora: there is no configuration"),
        ("lora = []", "lora: there is no configuration"),
        ("[lora]\nrank = 16", r"lora: write \[\[lora\]\] in double brackets"),
        ("lora = [1]", r"lora\[0\]: not a table of keys, but 1"),
        (GOOD + lora("rank = 32"), "3 configurations, but a recipe may have 2; take away 1"),
        (lora("rnak = 16"), r"lora\[0\]\.rnak: .*did you mean 'rank'\?"),
        (lora("rank = 513\nalpha = 513"), r"lora\[0\]\.rank: .*<= 512"),
        (lora("rank = '16'"), r"lora\[0\]\.rank: Expected `int`"),
        (lora("rank = 16\nalpha = 300"), r"lora\[0\]\.alpha: alpha / rank is 18\.75.*16 or 32"),
        (lora("rank = 512\nalpha = 31"), r"lora\[0\]\.alpha: alpha / rank is 0\.06"),
        (
            lora("learning_rate = 0.1"),
            r"lora\[0\]\.learning_rate: 0\.1 is not within 1e-06 and 0\.01",
        ),
        (lora("learning_rate = 1e-9"), r"lora\[0\]\.learning_rate: 1e-09 is not within"),
        (lora("learning_rate = nan"), r"lora\[0\]\.learning_rate: "),
        (lora("clip = inf"), r"lora\[0\]\.clip: inf is not a finite number"),
        (lora("dropout = nan"), r"lora\[0\]\.dropout: "),
        (lora("epochs = 51"), r"lora\[0\]\.epochs: 51 is not within 1 and 50"),
        (lora("epochs = 0"), r"lora\[0\]\.epochs: "),
        (lora("cutoff = 32"), r"lora\[0\]\.cutoff: 32 is not within 64 and 262144"),
        (lora("batch = 64\naccumulate = 64"), r"accumulate: batch x accumulate is 4,096 examples"),
        (
            lora("schedule = 'cosin'"),
            r"lora\[0\]\.schedule: 'cosin' is none of constant, cosine, linear",
        ),
        (lora("targets = []"), r"lora\[0\]\.targets: "),
        (lora("targets = 'q_proj'"), r"lora\[0\]\.targets: Expected `array`"),
        (
            lora("targets = ['q_prj']"),
            r"targets\[0\]: 'q_prj' is no projection; did you mean 'q_proj'\?",
        ),
        (
            lora("targets = ['q_proj', 'lm_head']"),
            r"targets\[1\]: 'lm_head' is no projection; there are q_proj",
        ),
        (lora("targets = [1]"), r"targets\[0\]: 1 is no projection"),
        (lora("targets = ['q_proj', 'q_proj']"), r"targets\[1\]: 'q_proj' is named twice"),
        (
            lora("targets = ['q_proj', 'v_proj']") + lora("targets = ['v_proj', 'q_proj']"),
            r"lora\[1\]: the same as lora\[0\]",
        ),
        ("data = 'selct'\n" + lora(""), r"data: 'selct' is neither .* did you mean 'select'\?"),
        ("data = 3\n" + lora(""), 'data: 3 is neither "select" nor'),
        ("data = 'abc'\n" + lora(""), "4 to 16 digits"),
        ("data = '0123456789abcdef0'\n" + lora(""), "4 to 16 digits"),
        ("data = '../x'\n" + lora(""), "data: '../x' is neither"),
    ],
)
def test_what_is_wrong_is_told_with_the_path_of_its_key(text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        parse_recipe(text, most=2)


def test_two_configurations_may_differ_in_their_seed_alone() -> None:
    recipe = parse_recipe(lora("seed = 1") + lora("seed = 2"), most=2)
    assert [one.seed for one in recipe.lora] == [1, 2]


settings = st.builds(
    LoraSettings,
    rank=st.integers(1, 512),
    alpha=st.just(32.0),
    dropout=st.floats(0, 0.9),
    targets=st.sets(st.sampled_from(PROJECTIONS), min_size=1).map(
        lambda chosen: tuple([one for one in PROJECTIONS if one in chosen])
    ),
    learning_rate=st.floats(1e-6, 1e-2),
    epochs=st.integers(1, 50),
    batch=st.integers(1, 32),
    accumulate=st.integers(1, 32),
    schedule=st.sampled_from(["cosine", "linear", "constant"]),
    train_on=st.sampled_from(["all", "last"]),
    seed=st.integers(0, 2**32 - 1),
).map(lambda one: msgspec.structs.replace(one, alpha=float(one.rank)))


@given(
    data=st.sampled_from(["select", "0123", "0123456789abcdef"]),
    lora=st.lists(settings, min_size=1, max_size=3, unique=True),
)
def test_what_is_written_reads_to_the_same(data: str, lora: list[LoraSettings]) -> None:
    recipe = Recipe(data=data, lora=tuple(lora))
    assert parse_recipe(render_recipe(recipe), most=3) == recipe


def data_set(run: RunFolder, name: str, *evaluations: str) -> Path:
    folder = run.data / name
    folder.mkdir(parents=True)
    episodes = Concentration(episodes=0, of=0, largest="", largest_share=0.0, effective=0.0)
    sums = DataSums(
        examples=0,
        rejected={},
        rules={},
        failed={},
        shapes=(),
        episodes=episodes,
        operations={},
        seeds={},
        prompt_tokens=0,
        longest_prompt=0,
        target_characters=0,
        earlier_fences=0,
        several=0,
    )
    report = DataReport(
        hash=name,
        criteria="any",
        evaluations=dict.fromkeys(evaluations, "toy"),
        table="t",
        turns=0,
        chosen=0,
        named=0,
        score_faults=0,
        jail=None,
        proven=0,
        sums=sums,
    )
    write_json(folder / "report.json", report)
    return folder


def reuse(text: str) -> Recipe:
    return Recipe(data=text, lora=(LoraSettings(),))


def test_data_is_used_again_by_the_beginning_of_exactly_one_hash(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    one = data_set(run, "aaaa000000000000", "train")
    data_set(run, "aaaa111111111111")
    (run.data / "bbbb000000000000").mkdir()
    found = reused_data(reuse("aaaa0"), run, ("train", "more"))
    assert found is not None
    assert found.path == one
    assert reused_data(reuse("select"), run, ()) is None
    for text in ("aaaa", "bbbb", "cccc"):
        with pytest.raises(DataError, match=f'data = "{text}": (?s:.*)or write data = "select"'):
            reused_data(reuse(text), run, ("train",))


def test_data_of_seeds_that_judge_are_not_used_again(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    data_set(run, "aaaa000000000000", "search", "train")
    with pytest.raises(DataError, match=r"was chosen from search too, .* write data = .select."):
        reused_data(reuse("aaaa"), run, ("train",))
