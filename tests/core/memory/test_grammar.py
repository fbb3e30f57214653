import pytest

from automem.memory.grammar import MOST_BROKEN, grouped, parse, write
from automem.memory.usage import usage
from automem.records.memory import Operation
from automem.records.scaffold import KeyRule, OperationRule


def operation(name: str, *arguments: str) -> Operation:
    return Operation(name=name, arguments=arguments)


READ = operation("READ", "notes.txt")


@pytest.mark.parametrize(
    "text",
    [
        "<|READ|>notes.txt<|END|>",
        "I look it up.\n<|READ|> notes.txt <|END|> Then I go on.",
        "<READ>notes.txt<END>",
        "<|READ>notes.txt<|END>",
        "<READ|>notes.txt<END|>",
        "<|read|>notes.txt<|end|>",
        "<| READ |>notes.txt<| END |>",
        "<|READ|>notes.txt<|END|}",
        "<|READ|}notes.txt<|END|}",
        "<READ>notes.txt</READ>",
        "<|READ|>notes.txt<|/READ|>",
        "```\n<|READ|>notes.txt<|END|>\n```",
        "`<|READ|>notes.txt<|END|>`",
        "<|READ|>notes.txt",
        "<|READ|>notes.txt\n\nLet me see.",
        "<|READ|>notes.txt<|EN",
        "<|READ|>notes.txt<|END",
        "<|READ|>notes.txt<|END|",
        "```\n<|READ|>notes.txt\n```",
        "`<|READ|>notes.txt`",
        "<|READ|>notes.txt<|im_end|>\n<|im_start|>user",
        "<|END|><|READ|>notes.txt<|END|><|END|>",
    ],
)
def test_one_operation_is_read_however_weak_models_write_it(
    text: str, vocabulary: dict[str, OperationRule]
) -> None:
    reply = parse(text, vocabulary)
    assert reply.operations == (READ,)
    assert reply.broken == ()
    assert (reply.ending, reply.action) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing to do.",
        "a < b and b > c | d",
        "<b>bold</b> <i>x</i> <br/>",
        "if x <y> z: <unknown>text</unknown>",
        "<READ}notes.txt",
        "< READ notes.txt",
        "<| |> <||> <|1|>",
        "|END|",
        "<|END|>",
        "</READ>",
        "```python\nx = 1\n```",
    ],
)
def test_other_text_is_no_operation(text: str, vocabulary: dict[str, OperationRule]) -> None:
    reply = parse(text, vocabulary)
    assert (reply.operations, reply.ending, reply.broken) == ((), None, ())


def test_operations_keep_the_order_written(vocabulary: dict[str, OperationRule]) -> None:
    reply = parse(
        "<|WRITE|>a|1<|END|><|READ|>a<|END|>\n<|APPEND|>a|2<|END|><|READ|>a<|END|>", vocabulary
    )
    assert [done.name for done in reply.operations] == ["WRITE", "READ", "APPEND", "READ"]


def test_the_last_argument_keeps_bars_and_newlines(vocabulary: dict[str, OperationRule]) -> None:
    reply = parse("<|WRITE|>a.txt|x | y\n\n<b>z</b> < 3<|END|>", vocabulary)
    assert reply.operations == (operation("WRITE", "a.txt", "x | y\n\n<b>z</b> < 3"),)
    reply = parse("<|UPSERT_MAP|>1,2|a|b<|END|><|NOTE|>a|b<|END|>", vocabulary)
    assert reply.operations == (operation("UPSERT_MAP", "1,2", "a|b"), operation("NOTE", "a|b"))


def test_an_argument_may_hold_words_that_look_like_markers(
    vocabulary: dict[str, OperationRule],
) -> None:
    text = "press <read> to <|go|> on </read>"
    reply = parse(f"<|NOTE|>{text}<|END|>", vocabulary)
    assert reply.operations == (operation("NOTE", text),)


@pytest.mark.parametrize(
    ("text", "ending", "action"),
    [
        ("<|DONE|>", "done", None),
        ("<done>", "done", None),
        ("<|HANDOFF|>", "handoff", None),
        ("<|ACTION|>Move West<|END|>", "action", "Move West"),
        ("<ACTION>Move West</ACTION>", "action", "Move West"),
        ("<|ACTION|> Move West", "action", "Move West"),
        ("<|action|>`Move West`\nbecause it is near", "action", "`Move West`"),
        ("<|ACTION|>Move West\n```", "action", "Move West"),
        ("<|ACTION|>a|b<|END|>", "action", "a|b"),
        ("<|ACTION|>first<|END|><|ACTION|>second<|END|>", "action", "first"),
        ("<|ACTION|>first<|DONE|>", "action", "first"),
        ("<|DONE|><|ACTION|>late<|END|>", "done", None),
    ],
)
def test_the_first_ending_counts(
    text: str, ending: str, action: str | None, vocabulary: dict[str, OperationRule]
) -> None:
    reply = parse(text, vocabulary)
    assert (reply.ending, reply.action, reply.broken) == (ending, action, ())


def test_what_follows_the_ending_is_dropped(vocabulary: dict[str, OperationRule]) -> None:
    reply = parse("<|READ|>notes.txt<|END|><|DONE|><|READ|>b<|END|><|NONSENSE|>", vocabulary)
    assert (reply.operations, reply.ending, reply.broken) == ((READ,), "done", ())


def test_an_ending_closes_an_operation_that_was_left_open(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|NOTE|>water in the north\n<|DONE|>", vocabulary)
    assert reply.operations == (operation("NOTE", "water in the north"),)
    assert reply.ending == "done"


def test_an_operation_left_open_ends_where_the_next_begins(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|NOTE|>a\nb\n<|READ|>notes.txt\nprose <|NOTE|>c<|END|>", vocabulary)
    assert reply.operations == (operation("NOTE", "a\nb"), READ, operation("NOTE", "c"))


def test_weak_markers_end_what_weak_markers_began(vocabulary: dict[str, OperationRule]) -> None:
    reply = parse("<NOTE>a <READ>notes.txt", vocabulary)
    assert reply.operations == (operation("NOTE", "a"), READ)


def test_a_weak_marker_at_the_start_of_a_line_begins_an_operation(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|NOTE|>a\n  <READ>notes.txt", vocabulary)
    assert reply.operations == (operation("NOTE", "a"), READ)


def test_a_text_left_open_over_a_blank_line_is_not_guessed_at(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|NOTE|>water\n\nNow I will look.\n<|READ|>notes.txt<|END|>", vocabulary)
    assert reply.operations == (READ,)
    assert reply.broken == (
        "<|NOTE|> has no <|END|>, so it is unclear where its text ends. "
        "Nothing was written. Write it again as <|NOTE|>text<|END|>",
    )


def test_an_unknown_operation_is_named_with_the_closest_known_one(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|SAERCH|>notes.txt|x<|END|><|READ|>notes.txt<|END|>", vocabulary)
    assert reply.operations == (READ,)
    assert reply.broken == ("There is no operation <|SAERCH|> here; did you mean <|SEARCH|>?",)


def test_an_unknown_operation_like_no_other_is_answered_with_what_there_is() -> None:
    vocabulary = {
        "READ": OperationRule(name="READ", kind="read"),
        "TAIL": OperationRule(name="TAIL", kind="tail"),
    }
    reply = parse("<|QQQQ|>x<|END|>", vocabulary)
    assert reply.broken == ("There is no operation <|QQQQ|> here; you can use <|READ|>, <|TAIL|>.",)
    assert parse("<|QQQQ|>x<|END|>", {}).broken == (
        "There is no operation <|QQQQ|> here; there are no operations now.",
    )


def test_an_unknown_operation_on_its_own_line_ends_what_was_left_open(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|NOTE|>a\n<|QQQQ|>x<|END|>", vocabulary)
    assert reply.operations == (operation("NOTE", "a"),)
    assert len(reply.broken) == 1


def test_an_action_without_a_name_is_broken_and_ends_nothing(
    vocabulary: dict[str, OperationRule],
) -> None:
    reply = parse("<|ACTION|><|END|><|READ|>notes.txt<|END|>", vocabulary)
    assert (reply.operations, reply.ending) == ((READ,), None)
    assert reply.broken == ("<|ACTION|> names no action. Write <|ACTION|>name of an action<|END|>",)


def test_only_so_many_things_are_called_broken(vocabulary: dict[str, OperationRule]) -> None:
    text = "".join(f"<|QQ{number}|>x<|END|>" for number in range(50)) + "<|QQ1|>x<|END|>"
    assert len(parse(text, vocabulary).broken) == MOST_BROKEN


def test_a_vocabulary_in_another_case_keeps_its_spelling() -> None:
    vocabulary = {"Look": OperationRule(name="Look", kind="read")}
    assert parse("<|LOOK|>a<|END|>", vocabulary).operations == (operation("Look", "a"),)


def test_operations_without_arguments_are_written_and_read(
    vocabulary: dict[str, OperationRule],
) -> None:
    assert write(operation("READ_MAP")) == "<|READ_MAP|><|END|>"
    assert parse("<|READ_MAP|><|END|>", vocabulary).operations == (operation("READ_MAP"),)


def test_grouped_puts_reads_before_appends_before_writes_before_creates(
    vocabulary: dict[str, OperationRule],
) -> None:
    names = ["CREATE", "WRITE", "UPSERT", "APPEND", "COUNT", "TAIL", "SEARCH", "READ"]
    ordered = grouped([operation(name) for name in names], vocabulary)
    assert [done.name for done in ordered] == [
        "COUNT", "TAIL", "SEARCH", "READ", "UPSERT", "APPEND", "WRITE", "CREATE",
    ]  # fmt: skip


def test_usage_shows_what_is_left_to_say() -> None:
    key = KeyRule(shape="x,y")
    bound = OperationRule(name="UPSERT_MAP", kind="upsert", file="map.txt")
    assert usage(bound, key) == "<|UPSERT_MAP|>x,y|text<|END|>"
    assert usage(bound) == "<|UPSERT_MAP|>key|text<|END|>"
    free = OperationRule(name="SET", kind="upsert", shape="name")
    assert usage(free) == "<|SET|>file|name|text<|END|>"
    assert usage(OperationRule(name="TAIL", kind="tail")) == "<|TAIL|>file|n<|END|>"


@pytest.mark.parametrize(
    "text",
    [
        "<|" * 500_000,
        "<|A" * 300_000,
        "<|" + "A" * 1_000_000,
        "<|" + " " * 1_000_000,
        "<|QQQQ|>" * 100_000,
        "<|NOTE|>" * 100_000,
        "<|NOTE|>" + "\n" * 1_000_000,
        "<|NOTE|>" + "`" * 1_000_000 + "x",
        "<|NOTE|>" + "\n \t" * 300_000 + "x",
        "\n" * 500_000 + "<read>" * 100_000,
    ],
    ids=range(10),
)
def test_a_megabyte_of_nonsense_is_read(text: str, vocabulary: dict[str, OperationRule]) -> None:
    # Anything that is not linear takes minutes here, and so runs into the suite's time limit.
    parse(text, vocabulary)
