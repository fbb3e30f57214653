"""What of a job can be refused without torch, before anything is paid for it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from automem.errors import TrainerError
from automem.records.training import TrainingJob

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_PATHS = ("/", ".", "~")


class _TokenizerSettings(msgspec.Struct, frozen=True):
    """`tokenizer_config.json`, as far as it says whether there is a chat template."""

    chat_template: object = None


def check_base(base: str) -> None:
    """Refuse a folder that holds no model with a chat template. Raises TrainerError.

    A name on a model hub is looked for by the worker.
    """
    folder = Path(base)
    if not folder.is_dir():
        if base.startswith(_PATHS):
            raise TrainerError(
                f"there is no folder {base}, the base to train; name the folder of a model, or its "
                "name on a model hub"
            )
        return
    if not (folder / "config.json").is_file():
        raise TrainerError(f"{base} holds no config.json; name the folder of a model")
    if not any(True for pattern in _WEIGHTS for _ in folder.glob(pattern)):
        raise TrainerError(f"{base} holds no weights ({' or '.join(_WEIGHTS)})")
    if not (folder / "tokenizer.json").is_file():
        raise TrainerError(f"{base} holds no tokenizer.json; save its tokenizer as a fast one")
    if not (folder / "chat_template.jinja").is_file() and not _has_template(folder):
        raise TrainerError(
            f"{base} has no chat template; put chat_template.jinja beside its tokenizer, or name "
            "the instruct version of the model"
        )


def check_examples(job: TrainingJob) -> None:
    """Refuse data that are not there; none may be chosen yet. Raises TrainerError."""
    if job.examples and not Path(job.examples).is_file():
        raise TrainerError(f"there is no file {job.examples}; choose turns to learn from again")


def _has_template(folder: Path) -> bool:
    try:
        raw = (folder / "tokenizer_config.json").read_bytes()
        return bool(msgspec.json.decode(raw, type=_TokenizerSettings).chat_template)
    except (OSError, msgspec.MsgspecError):
        return False
