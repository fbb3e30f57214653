"""Writes a data set as chat JSONL, in the form that other trainers read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from automem.files import replacing, write_json, write_text
from automem.records._struct import Record
from automem.records.model import Message
from automem_train.dataset.folder import DataFolder
from automem_train.dataset.record import Example

Form = Literal["trl", "llamafactory", "axolotl"]
TrainOn = Literal["last", "all"]
FORMS: tuple[Form, ...] = ("trl", "llamafactory", "axolotl")
_ROWS = "train.jsonl"
_SETTINGS: Final[Mapping[tuple[Form, TrainOn], tuple[str, ...]]] = {
    ("trl", "last"): ("SFTConfig(completion_only_loss=True)",),
    ("trl", "all"): ("SFTConfig(assistant_only_loss=True)",),
    ("llamafactory", "last"): ("stage: sft", "mask_history: true"),
    ("llamafactory", "all"): ("stage: sft", "mask_history: false"),
    ("axolotl", "last"): ("datasets: as in axolotl.yaml",),
    ("axolotl", "all"): ("datasets: as in axolotl.yaml",),
}
_AXOLOTL: Final = """\
datasets:
  - path: train.jsonl
    ds_type: json
    type: chat_template
    field_messages: messages
    message_property_mappings:
      role: role
      content: content
    roles_to_train: []
    train_on_eos: turn
    message_field_training: train
"""


class Chat(Record):
    """A row of messages: every reply is learned, or what the trainer is told to."""

    messages: tuple[Message, ...]


class Completion(Record):
    """A row of trl's prompt-completion form: the completion alone is learned."""

    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]


class MarkedMessage(Record):
    """A message of axolotl's, with whether it is learned."""

    role: str
    content: str
    train: bool


class MarkedChat(Record):
    """A row for axolotl."""

    messages: tuple[MarkedMessage, ...]


class Exported(Record):
    """What was written."""

    form: Form
    train_on: TrainOn
    examples: int
    files: tuple[str, ...]
    settings: tuple[str, ...]
    """What the trainer has to be told, beside the files."""


def export(data: DataFolder, folder: Path, form: Form, train_on: TrainOn) -> Exported:
    """Write `train.jsonl`, and beside it how the trainer is to read it.

    `last` learns the cleaned reply alone, `all` every reply of the conversation.
    Raises DataError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    encoder = msgspec.json.Encoder()
    count = 0
    with replacing(folder / _ROWS) as file:
        for row in _rows(data, form, train_on):
            file.write(encoder.encode(row) + b"\n")
            count += 1
    files = [folder / _ROWS]
    if form == "llamafactory":
        files.append(folder / "dataset_info.json")
        write_json(files[-1], {f"automem-{data.path.name}": _llamafactory()})
    elif form == "axolotl":
        files.append(folder / "axolotl.yaml")
        write_text(files[-1], _AXOLOTL)
    return Exported(
        form=form,
        train_on=train_on,
        examples=count,
        files=tuple(map(str, files)),
        settings=_SETTINGS[form, train_on],
    )


def _rows(
    data: DataFolder, form: Form, train_on: TrainOn
) -> Iterator[Chat | Completion | MarkedChat]:
    for example in data.read_examples():
        if form == "axolotl":
            yield _marked(example, train_on)
        elif form == "trl" and train_on == "last":
            yield Completion(prompt=example.messages[:-1], completion=example.messages[-1:])
        else:
            yield Chat(messages=example.messages)


def _marked(example: Example, train_on: TrainOn) -> MarkedChat:
    last = len(example.messages) - 1
    return MarkedChat(
        messages=tuple(
            [
                MarkedMessage(
                    role=message.role,
                    content=message.content,
                    train=number == last or (train_on == "all" and message.role == "assistant"),
                )
                for number, message in enumerate(example.messages)
            ]
        )
    )


def _llamafactory() -> dict[str, object]:
    return {
        "file_name": _ROWS,
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    }
