"""Chat JSONL in the form that each trainer reads."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.run.layout import RunFolder
from automem_train.dataset.building import build_data
from automem_train.dataset.folder import DataFolder
from automem_train.export import Form, TrainOn, export
from automem_train.select.selection import Chooser, Selection

SCORE = "def score(turn):\n    return 1 if turn['operations'] else None\n"


@pytest.fixture
def data(run: RunFolder) -> DataFolder:
    return anyio.run(build_data, run, Chooser(selection=Selection(criteria="all"), score=SCORE))


def rows(
    data: DataFolder, folder: Path, form: Form, train_on: TrainOn
) -> list[dict[str, list[dict[str, Any]]]]:
    done = export(data, folder, form, train_on)
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert done.examples == len(lines) == data.read_report().sums.examples
    assert all(Path(file).is_file() for file in done.files)
    assert done.settings
    return [json.loads(line) for line in lines]


def test_trl_is_given_a_prompt_and_the_completion_that_alone_is_learned(
    data: DataFolder, tmp_path: Path
) -> None:
    told = rows(data, tmp_path, "trl", "last")
    for row, example in zip(told, data.read_examples(), strict=True):
        assert row["completion"] == [{"role": "assistant", "content": example.target}]
        assert [m["content"] for m in row["prompt"]] == [m.content for m in example.messages[:-1]]
        assert row["prompt"][-1]["role"] == "user"


@pytest.mark.parametrize("form", ["trl", "llamafactory"])
def test_whole_conversations_are_messages_with_role_and_content(
    data: DataFolder, tmp_path: Path, form: Form
) -> None:
    for row in rows(data, tmp_path, form, "all"):
        assert row.keys() == {"messages"}
        assert all(message.keys() == {"role", "content"} for message in row["messages"])
        assert row["messages"][-1]["role"] == "assistant"


def test_llama_factory_is_told_of_the_file_and_its_fields(data: DataFolder, tmp_path: Path) -> None:
    rows(data, tmp_path, "llamafactory", "last")
    told = json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))
    (entry,) = told.values()
    assert (tmp_path / entry["file_name"]).is_file()
    assert entry["formatting"] == "sharegpt"
    assert entry["columns"]["messages"] == "messages"
    assert entry["tags"]["assistant_tag"] == "assistant"


def test_axolotl_reads_which_messages_are_learned(data: DataFolder, tmp_path: Path) -> None:
    for row in rows(data, tmp_path / "last", "axolotl", "last"):
        assert [m["train"] for m in row["messages"]] == [False] * (len(row["messages"]) - 1) + [
            True
        ]
    for row in rows(data, tmp_path / "all", "axolotl", "all"):
        assert all(m["train"] == (m["role"] == "assistant") for m in row["messages"])
    told = (tmp_path / "all" / "axolotl.yaml").read_text(encoding="utf-8")
    assert "message_field_training: train" in told
