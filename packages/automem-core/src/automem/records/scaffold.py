"""The manifest of a scaffold: file schema, operation vocabulary, limits. See `scaffold.toml`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from automem.records._struct import Record
from automem.records.memory import Kind

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Turns = Annotated[int, Meta(ge=1, le=100)]
Lines = Annotated[int, Meta(ge=1, le=100_000)]
AnswerBytes = Annotated[int, Meta(ge=1, le=262_144)]
Wording = Annotated[str, Meta(max_length=1_000)]
Phase = Literal["log", "plan"]
WriteMode = Literal["append", "write", "create", "upsert"]
Order = Literal["written", "grouped"]
Dedupe = Literal["off", "exact", "near"]


class Retention(Record):
    """What happens to a file that grows past `max_lines`."""

    max_lines: Positive
    keep_last: Count
    """How many of the last lines stay."""
    pinned: Count = 0
    """How many lines at the top stay whatever happens."""


class SoftLimit(Record):
    """A size from which on the model is told to tidy up; nothing is refused."""

    lines: Positive | None = None
    bytes: Positive | None = None
    text: Wording = "{file} is long ({lines} lines). Summarize it."
    """Placeholders: {file}, {lines}, {bytes}."""


class KeyRule(Record):
    """How lines of a keyed file are found again."""

    shape: str
    """What the prompt calls it, such as `x,y`."""
    pattern: str = ".+"
    """A regular expression the whole key must match."""
    separator: str = "|"
    """Stands between key and body in the stored line."""


class FileRule(Record):
    """The rules of one memory file."""

    purpose: str = ""
    """What belongs in it; shown in the file index."""
    modes: tuple[WriteMode, ...] = ("append", "write", "create", "upsert")
    """How the model may write it."""
    code_modes: tuple[WriteMode, ...] = ()
    """How the scaffold's code may write it."""
    retention: Retention | None = None
    soft_limit: SoftLimit | None = None
    dedupe: Dedupe = "off"
    """`exact`: an appended line that is already there is dropped; `near`: also one that
    differs only in case, spacing or a leading `Step N`."""
    key: KeyRule | None = None
    """Makes it a keyed file: one line for each key."""


class OperationTexts(Record):
    """What an operation answers; None takes the built-in text.

    Placeholders: {file} {lines} {hits} {query} {key} {result}.
    """

    done: Wording | None = None
    empty: Wording | None = None
    missing: Wording | None = None
    duplicate: Wording | None = None
    refused: Wording | None = None
    malformed: Wording | None = None


class OperationRule(Record):
    """One word of the vocabulary."""

    name: str
    """Upper case; the model writes it as `<|NAME|>...<|END|>`."""
    kind: Kind
    phases: tuple[Phase, ...] = ("log",)
    file: str | None = None
    """Binds it to one file; the file argument then falls away."""
    lines: Positive | None = None
    """For `tail` and `search`: how many lines at most; None takes the limit."""
    shape: str = ""
    """For `upsert`: what the prompt calls the key; empty takes the bound file's own `shape`."""
    help: str = ""
    """One line for the prompt."""
    texts: OperationTexts = OperationTexts()


class Inject(Record):
    """A retrieval done by the host and put into the prompt, each step, as `slots.<slot>`."""

    slot: str
    file: str
    phases: tuple[Phase, ...] = ("plan",)
    operation: Literal["read", "tail"] = "read"
    lines: Positive | None = None
    """The last lines for `tail`; the first for `read`; None is all."""
    when_empty: str = "(empty)"


class ScaffoldLimits(Record):
    """Bounds inside one step and of the folder."""

    log_turns: Turns = 10
    plan_turns: Turns = 10
    search_results: Lines = 10
    """The last N matching lines are shown."""
    read_lines: Lines = 400
    """A longer file is shown cut, with a word on how to see the rest."""
    result_bytes: AnswerBytes = 16_384
    """The most text one operation may answer."""
    reply_operations: Annotated[int, Meta(ge=1, le=1_000)] = 64
    """How many of a reply's are carried out; a model that repeats itself writes thousands."""
    reply_bytes: Annotated[int, Meta(ge=1, le=1_048_576)] = 65_536
    """The most text all operations of one reply may answer together; one always may."""
    file_bytes: Annotated[int, Meta(ge=1, le=4_194_304)] = 65_536
    folder_bytes: Annotated[int, Meta(ge=1, le=16_777_216)] = 262_144
    files: Annotated[int, Meta(ge=1, le=1_000)] = 32


class Notices(Record):
    """What the prompt says when the observation did not change."""

    unchanged: Wording = "Your last action changed nothing you can see."
    unchanged_repeated: Wording = (
        "Nothing has changed for {count} actions in a row. Do something different."
    )
    """From `repeated_from` on; placeholder {count}."""
    repeated_from: Positive = 3


class ActionRule(Record):
    """How a committed action is read."""

    spelling: dict[str, str] = {}
    """What a model writes -> what the game accepts."""
    fallback: str | None = None
    """Executed when nothing is committed; None takes the environment's default action."""


class CodeRule(Record):
    """What joins `code.py` to prompts and memory."""

    slots: dict[str, str] = {}
    """Slots that `perceive` may fill -> what a prompt shows where it does not."""
    files: tuple[str, ...] | None = None
    """The files that code is shown; None is all of them."""


class Manifest(Record):
    """The content of `scaffold.toml`, variants applied."""

    name: str
    version: Positive = 1
    parent: str = ""
    """Content hash of the scaffold it was made from."""
    environment: str = ""
    """The environment it is for; empty is any."""
    summary: str = ""
    order: Order = "written"
    """`grouped` repeats the order of the published method: reads, appends, writes, creates."""
    files: dict[str, FileRule] = {}
    free_files: bool = True
    """Whether files not named in `files` may be created."""
    operation: tuple[OperationRule, ...] = ()
    inject: tuple[Inject, ...] = ()
    limits: ScaffoldLimits = ScaffoldLimits()
    notices: Notices = Notices()
    actions: ActionRule = ActionRule()
    code: CodeRule = CodeRule()
    prompts: dict[str, str] = {}
    """Prompt name -> file in `prompts/`, where it is not `<name>.md`."""
    environment_options: dict[str, bool | int | str] = {}
    """Options of the environment to play it with, such as `map_analysis`, of those that a game
    leaves to scaffolds. A configuration that sets the same one goes first; variants cannot."""
