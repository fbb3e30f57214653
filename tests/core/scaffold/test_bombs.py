"""Prompts that would make the host compute for long: what is long costs steps where it is used."""

import msgspec
import pytest

from automem.errors import ScaffoldError
from automem.scaffold.check import check_scaffold
from automem.scaffold.load import load_scaffold
from automem.scaffold.prompts import Prompts
from automem.scaffold.samples import sample_contexts

LOOP = "{% for i in range(2000) %}"
LONG_TEXT = "word " * 20_000


def render(folder, info, text: str, observation: str) -> str:
    scaffold = load_scaffold(folder({"prompts/log.md": text}))
    context = sample_contexts(scaffold, info)[1]
    return Prompts(scaffold).render(
        "log", msgspec.structs.replace(context, observation=observation)
    )


@pytest.mark.parametrize(
    "work",
    [
        "{{ observation.find('zzzz') }}",
        "{{ observation.split() | length }}",
        "{{ 'zz'.count(observation) }}",
        "{{ 'zz' in observation }}",
        "{{ observation == observation }}",
        "{{ observation[::2] | length }}",
        "{{ observation is upper }}",
        "{{ observation | wordcount }}",
        "{{ observation | title | length }}",
        "{{ observation | max }}",
        "{{ observation.split() | sort | length }}",
        "{{ observation | select('equalto', 'w') | first }}",
        "{{ observation.split() | string | length }}",
    ],
)
def test_what_is_done_again_and_again_to_a_long_text_ends_in_an_error(
    folder, info, work: str
) -> None:
    bomb = f"{LOOP}{work}{{% endfor %}}"
    with pytest.raises(ScaffoldError, match="more than 50000 steps"):
        render(folder, info, bomb, LONG_TEXT)
    once = render(folder, info, work, LONG_TEXT)
    assert once == render(folder, info, work, LONG_TEXT)


def test_filters_of_filters_are_counted_item_by_item(folder, info) -> None:
    chain = "| select('ne', 'a') " * 30
    with pytest.raises(ScaffoldError, match="more than 50000 steps"):
        render(folder, info, f"{{{{ observation.split() {chain} | list | length }}}}", LONG_TEXT)


def test_tests_for_what_is_not_there_still_answer(folder, info) -> None:
    text = "{% if nothing is defined %}a{% else %}b{% endif %}{{ 3 in [1, 2, 3] }}{{ 'abc'[1:] }}"
    assert render(folder, info, text, "") == "bTruebc"


def test_prompts_have_a_size_together(folder) -> None:
    many = {f"prompts/extra{n}.md": "{{ step }}" * 6_000 for n in range(5)}
    problems = check_scaffold(load_scaffold(folder(many)))
    assert any("262144 are allowed" in problem.text for problem in problems)
