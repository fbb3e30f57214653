"""A recipe that is far off is refused in a few words, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.errors import DataError
from automem_train.recipes.reading import read_recipe

LONG = "x" * 50_000
LORA = "[[lora]]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'data = "{LONG}"\n{LORA}', "data: 'xxx"),
        (f'lora = ["{LONG}"]', "lora[0]: not a table of keys, but 'xxx"),
        (f'{LORA}targets = ["{LONG}"]', "lora[0].targets[0]: 'xxx"),
        (f'{LORA}"{LONG}" = 1', "'lora' has no such option"),
        (f'{LORA}schedule = "{LONG}"', "lora[0].schedule: 'xxx"),
        (f'"{LONG}" = 1', "a recipe has no such key"),
        (f"{LORA}rank = {'9' * 5000}", "this is not TOML"),
        (f"{LORA}rank = 0x{'f' * 50_000}", "lora[0].rank: Expected `int` <= 512"),
        (f"{LORA}seed = {2**64}", "lora[0].seed: Expected `int` <= 4294967295"),
        (f"{LORA}batch = {2**63}\naccumulate = {2**63}", "at most 1,024"),
        (LORA * 5000, "5000 configurations, but a recipe may have 2"),
        (f"data = {'[' * 20_000}{']' * 20_000}", "this is not TOML"),
        (f"data{'.a' * 30_000} = 1", "this is not TOML"),
        (f"{LORA}learning_rate = nan", "lora[0].learning_rate: Expected `float` > 0.0"),
    ],
)
def test_nonsense_is_refused_in_a_few_words(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_recipe(tmp_path, most=2)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_mark_at_the_beginning_of_the_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(f"{LORA}rank = 8\n", encoding="utf-8-sig")
    assert read_recipe(tmp_path, most=2).lora[0].rank == 8
