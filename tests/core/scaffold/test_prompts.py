import msgspec
import pytest

from automem.errors import ScaffoldError
from automem.scaffold.load import load_scaffold
from automem.scaffold.prompts import Prompts
from automem.scaffold.samples import sample_contexts

LOOP = "{% for i in range(9999) %}"
DOUBLED = " replace('x', 'xxxxxxxxx') |"
LONG = "a text may have 1000000"


@pytest.fixture
def rendered(folder, info):
    def render(text: str, **changes: object) -> str:
        scaffold = load_scaffold(folder({"prompts/log.md": text}))
        context = sample_contexts(scaffold, info)[1]
        return Prompts(scaffold).render("log", msgspec.structs.replace(context, **changes))

    return render


def test_a_prompt_is_filled_with_the_context(rendered) -> None:
    text = rendered("{{ observation }} {{ step }} {{ slots['a b'] }}", slots={"a b": "<x>"})
    assert text == "You see a tree 2 steps to your north.\n\nYou face grass. 7 <x>"


def test_blocks_leave_no_blank_lines(rendered) -> None:
    text = "A\n  {% if events %}\n{{ events | join(', ') }}\n  {% endif %}\nB\n"
    assert rendered(text) == "A\nfirst thing\nB"
    assert rendered(text, events=()) == "A\nB"


def test_texts_of_the_game_are_not_read_as_templates(rendered) -> None:
    assert rendered("{{ observation }}", observation="{{ 1 }} <b>") == "{{ 1 }} <b>"


def test_a_prompt_may_be_in_another_file(folder, info) -> None:
    scaffold = load_scaffold(
        folder({"prompts/other.md": "other"}, more='[prompts]\nplan = "other.md"')
    )
    context = sample_contexts(scaffold, info)[0]
    assert Prompts(scaffold).render("plan", context) == "other"


def test_a_prompt_may_include_another(rendered, folder, info) -> None:
    scaffold = load_scaffold(
        folder({"prompts/log.md": "{% include 'part.md' %}!", "prompts/part.md": "{{ action }}"})
    )
    prompts = Prompts(scaffold)
    assert prompts.render("log", sample_contexts(scaffold, info)[1]) == "wait!"
    assert prompts.variables("log") == {"action"}


def test_includes_that_go_in_a_circle_or_nowhere_do_not_hang_the_search_for_variables(
    folder,
) -> None:
    scaffold = load_scaffold(
        folder(
            {
                "prompts/log.md": "{% include 'plan.md' %}{% include 'none.md' %}{% include x %}",
                "prompts/plan.md": "{% include 'log.md' %}{{ step }}",
            }
        )
    )
    assert Prompts(scaffold).variables("log") == {"step", "x"}


def test_the_system_prompt_may_be_missing(folder, info) -> None:
    scaffold = load_scaffold(folder())
    context = sample_contexts(scaffold, info)[0]
    assert (
        Prompts(scaffold).system(context).startswith("\n- <|SEARCH|>file|words<|END|> - LOG, PLAN:")
    )
    bare = load_scaffold(folder({"prompts/system.md": None}, name="bare"))
    assert Prompts(bare).system(context) == ""


def test_another_missing_prompt_is_an_error(folder, info) -> None:
    scaffold = load_scaffold(folder({"prompts/handoff.md": None}))
    with pytest.raises(ScaffoldError, match=r"prompts/handoff.md is missing; write the prompt"):
        Prompts(scaffold).render("handoff", sample_contexts(scaffold, info)[0])


def test_a_template_that_cannot_be_compiled_names_file_and_line(folder) -> None:
    with pytest.raises(ScaffoldError, match=r"prompts/log.md, line 2: .*unknown tag 'nope'"):
        Prompts(load_scaffold(folder({"prompts/log.md": "a\n{% nope %}"})))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ nothing }}", "'nothing' is undefined; the variables are: instructions, actions,"),
        ("{{ slots.nothing }}", "has no attribute 'nothing'"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ step.nothing() }}", "has no attribute"),
        ("{{ observation + 1 }}", r"\+ takes numbers only"),
        ("{{ observation.__class__ }}", "SecurityError"),
        ("{{ actions.__class__.__mro__ }}", "SecurityError"),
        ("{{ slots.update({'a': 'b'}) }}", "SecurityError"),
        ("{% include 'none.md' %}", "TemplateNotFound: none.md"),
        ("{% include '../scaffold.toml' %}", "TemplateNotFound"),
        ("{% include 'log.md' %}", "RecursionError"),
        ("{{ '%d' | format('x') }}", "TypeError"),
        ("{% for i in range(10001) %}{% endfor %}", "range is limited to 10000"),
        ("{{ 'a' * 1000000000 }}", "takes numbers only"),
        ("{{ [1] * 1000000000 }}", "takes numbers only"),
        ("{{ '%999d' % 1 }}", "takes numbers only"),
        ("{{ 2 ** 9 }}", r"\*\* is not available"),
        ("{{ 10000000 * 10000000 }}", "takes numbers up to"),
        ("{{ '%1000000000d' | format(1) }}", "widths of up to three digits"),
        ("{{ '%*d' | format(1000000000, 1) }}", "widths of up to three digits"),
        ("{{ '{:1000000000}'.format(1) }}", "str.format is not available"),
        ("{{ 'a'.ljust(1000000000) }}", "SecurityError"),
        ("{% for i in range(9999) %}{{ observation }}{% endfor %}", "longer than 1000000"),
        (f"{LOOP}{LOOP}{LOOP}{'{% endfor %}' * 3}", "more than 50000 steps"),
        (f"{LOOP}{LOOP}{{{{ 'a' | upper }}}}{'{% endfor %}' * 2}", "more than 50000 steps"),
        ("{% for i in range(9) recursive %}{% endfor %}", "may not be recursive"),
        ("{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}", "no Macro"),
        ("{% set x %}{{ step }}{% endset %}", "no AssignBlock"),
        ("{% set x = [step, step] %}", "constants only"),
        ("{% set x = observation %}" + "{% set x = x ~ x %}" * 40, "a text may have 1000000"),
        ("{% set x = observation %}" + "{% set x = x + x %}" * 40, "a text may have 1000000"),
        ("{{ 'x' | replace('x', 'xxxxxxxxx') }}".replace("'x' |", "'x' |" + DOUBLED * 9), LONG),
        ("{{ range(9999) | join(observation) | length }}", "a text may have 1000000"),
        ("{{ observation.replace('x', observation) }}", "cannot call replace; use a filter"),
        ("{{ step.to_bytes(1000000000, 'big') }}", "cannot call to_bytes"),
        ("{{ [1, 2] | random }}", "No filter named 'random'"),
        ("{% for i in range(2) %}" * 30 + "{% endfor %}" * 30, "nest less"),
        ("{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "nest less"),
    ],
)
def test_what_a_template_must_not_do_is_an_error_with_its_place(
    rendered, text: str, said: str
) -> None:
    with pytest.raises(ScaffoldError, match=said) as caught:
        rendered(f"first line\n{text}", observation="x" * 200)
    assert "prompts/log.md" in str(caught.value)


def test_an_error_names_the_line_of_the_template(rendered) -> None:
    with pytest.raises(ScaffoldError, match=r"prompts/log.md, line 3: UndefinedError"):
        rendered("a\nb\n{{ nothing }}")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ '%05.1f and 1000' | format(reward) }}", "001.0 and 1000"),
        ("{{ step * 2 }} {{ step % 2 }}", "14 1"),
        ("{{ 'a' | center(1000000000) | length }}", "200"),
        ("{{ 'a\nb' | indent(1000000000) | length }}", "203"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{{ 'a,b'.split(',') | last | upper }}", "B"),
        ("{{ 'a' ~ step ~ ['b'] }} {{ 'a' + 'b' }} {{ 1 + 2 }}", "a7['b'] ab 3"),
        ("{{ 'ab' | replace('b', 'c') }} {{ 1.25 | round(1) }}", "ac 1.2"),
        ("{% for i in ['a', 'b'] %}{{ loop.index }}{{ loop.cycle('x', 'y') }}{% endfor %}", "1x2y"),
        ("{% for a, b in slots.items() %}{{ a }}{% endfor %}", ""),
        ("{% set n = step %}{{ n in (1, 7) }} {{ 'wait' in ['wait'] }}", "True True"),
        ("{{ range(3) | map('string') | join('-') }}", "0-1-2"),
    ],
)
def test_ordinary_filters_and_sums_are_there(rendered, text: str, result: str) -> None:
    assert rendered(text) == result
