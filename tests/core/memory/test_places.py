"""Where in a reply its operations stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.memory.grammar import parse, places
from automem.records.scaffold import OperationRule

from .test_properties import ANY_REPLY, RULES


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I look. <|READ|>notes.txt<|END|> So.", ["<|READ|>notes.txt<|END|>"]),
        ("<READ> notes.txt </READ>\n<|DONE|> bye", ["<READ> notes.txt </READ>", "<|DONE|>"]),
        ("<|READ|> notes.txt\nLet me see.", ["<|READ|> notes.txt"]),
        ("```\n<|READ|>notes.txt\n```", ["<|READ|>notes.txt"]),
        ("<|READ|>notes.txt\n<|ACTION|>go<|END|>x", ["<|READ|>notes.txt", "<|ACTION|>go<|END|>"]),
        ("<|ACTION|> go\nnorth", ["<|ACTION|> go"]),
        ("<|QQ|>a<|END|>", []),
        ("nothing", []),
    ],
)
def test_places_run_from_the_marker_to_what_closes_it(
    text: str, found: list[str], vocabulary: dict[str, OperationRule]
) -> None:
    assert [text[place.start : place.end] for place in places(text, vocabulary)] == found


@given(text=ANY_REPLY, cut_off=st.booleans())
def test_places_are_those_of_the_operations_in_order_and_then_of_the_ending(
    text: str, cut_off: bool
) -> None:
    reply = parse(text, RULES, cut_off=cut_off)
    found = places(text, RULES, cut_off=cut_off)
    names = [operation.name for operation in reply.operations]
    assert [place.name for place in found if not place.ending] == names
    assert [place.ending for place in found[: len(names)]] == [False] * len(names)
    assert len(found) == len(names) + (reply.ending is not None)
    edges = [edge for place in found for edge in (place.start, place.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
