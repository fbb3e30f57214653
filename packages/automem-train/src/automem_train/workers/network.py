"""The base model with a LoRA beside it: loaded, wrapped, and saved in peft's form."""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import cached_file

from automem.errors import TrainerError
from automem.files import write_text
from automem.models.adapters import SETTINGS
from automem.records.training import TrainingJob
from automem_train.workers.identity import CONFIG
from automem_train.workers.provenance import WEIGHTS

_DAMAGED = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    SafetensorError,
)
"""What these libraries raise for files that are cut off, or not what they should be."""


def base_folder(base: str) -> Path:
    """Where the files of a base are: itself, or its snapshot in the cache. Raises TrainerError."""
    try:
        found = cached_file(base, CONFIG)
    except OSError as error:
        raise TrainerError(_no_base(base)) from error
    if found is None:
        raise TrainerError(_no_base(base))
    return Path(found).parent


def load_tokenizer(base: str) -> Any:
    """The base's own. Raises TrainerError."""
    try:
        return AutoTokenizer.from_pretrained(base)
    except _DAMAGED as error:
        raise TrainerError(f"the tokenizer of {base} cannot be loaded: {_said(error)}") from error


def load_base(job: TrainingJob) -> Any:
    """The base in the job's precision. Raises TrainerError."""
    try:
        model = AutoModelForCausalLM.from_pretrained(job.base, dtype=job.precision)
    except _DAMAGED as error:
        raise TrainerError(f"the base {job.base} cannot be loaded: {_said(error)}") from error
    model.config.use_cache = False
    if job.checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


def context_of(model: Any) -> int:
    """The most tokens that a base was made for; rows are cut to it."""
    config = model.config.get_text_config()
    return int(getattr(config, "max_position_embeddings", None) or sys.maxsize)


def check_vocabulary(model: Any, most: int, base: str) -> None:
    """Refuse tokens up to number `most` where a base knows fewer. Raises TrainerError."""
    known = int(model.get_input_embeddings().weight.shape[0])
    if most >= known:
        raise TrainerError(
            f"the tokenizer of {base} gives the token {most}, and its weights know {known}; the "
            "two are not of one model: download it again, or name another"
        )


def with_lora(model: Any, job: TrainingJob) -> Any:
    """The model with fresh LoRA weights in float32, a function of the job's seed."""
    lora = job.lora
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        bias="none",
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(lora.seed)
    try:
        wrapped = get_peft_model(model, config)
    except ValueError as error:
        raise TrainerError(
            f"{job.base} cannot be given a LoRA: {error}", settings_failed=True
        ) from error
    adapted = {
        name.rpartition(".lora_A")[0].rpartition(".")[2]
        for name, weight in wrapped.named_parameters()
        if weight.requires_grad
    }
    missing = [target for target in lora.targets if target not in adapted]
    if missing:
        raise TrainerError(
            f"{job.base} has no layers named {', '.join(missing)}; choose other targets, or a base "
            "that has them, such as those like Llama or Qwen",
            settings_failed=True,
        )
    return wrapped


def save_adapter(folder: Path, model: Any, base: str, weights: Mapping[str, torch.Tensor]) -> None:
    """Write the adapter; `weights` are the learned ones by their names in `model`."""
    # Told not to look for changed embeddings, which it would ask a hub about.
    tensors = get_peft_model_state_dict(
        model, state_dict=dict(weights), save_embedding_layers=False
    )
    part = folder / f".{WEIGHTS}.part"
    save_file(
        {name: tensors[name].contiguous() for name in sorted(tensors)}, part, {"format": "pt"}
    )
    # A server may run as somebody else.
    part.chmod(0o644)
    part.replace(folder / WEIGHTS)
    config = model.peft_config[model.active_adapter]
    settings = config.to_dict() | {"base_model_name_or_path": base, "inference_mode": True}
    settings["target_modules"] = sorted(settings["target_modules"])
    write_text(folder / SETTINGS, json.dumps(_plain(settings), indent=2, sort_keys=True) + "\n")


def quiet() -> None:
    """Leave out what these libraries warn of where it is meant to be so."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)


def _plain(value: Any) -> Any:
    """A value of peft's settings as JSON has it."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return getattr(value, "value", value)


def _said(error: Exception) -> str:
    """What was raised, with its kind where the text alone says nothing, as of a missing key."""
    text = str(error).strip()
    return text if isinstance(error, OSError | ValueError) else f"{type(error).__name__}: {text}"


def _no_base(base: str) -> str:
    if Path(base).is_dir():
        return f"the folder {base} holds no {CONFIG}; name the folder of a model of transformers"
    return (
        f"there is no base model {base}: neither a folder, nor in the cache or on the model hub as "
        "far as it can be reached from here; name a folder, or download it first"
    )
