"""The base model with a LoRA beside it, as unsloth makes them, and the loss that it computes."""
# torch and unsloth are in interpreters of trainers only, so their types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch

from automem.errors import TrainerError
from automem.records.training import TrainingJob
from automem_train.workers.passes import Batch, Network
from automem_train.workers.rows import IGNORED

_REFUSALS = (ImportError, NotImplementedError, RuntimeError, ValueError, OSError, AssertionError)
"""What unsloth raises where a machine or a model is none that it can do."""


def load_base(unsloth: ModuleType, job: TrainingJob) -> Any:
    """The base in the job's precision, with unsloth's layers on a GPU. Raises TrainerError."""
    with _refused(f"unsloth cannot load the base {job.base}"):
        model, _ = unsloth.FastLanguageModel.from_pretrained(
            model_name=job.base,
            max_seq_length=job.lora.cutoff,
            dtype=getattr(torch, job.precision),
            load_in_4bit=False,
            # Else a model of another publisher, quantized, may take the place of the one named.
            use_exact_model_name=True,
            use_gradient_checkpointing=_checkpointing(job),
        )
    model.config.use_cache = False
    return model


def with_lora(unsloth: ModuleType, model: Any, job: TrainingJob) -> Any:
    """The model with fresh LoRA weights in float32, a function of the job's seed."""
    lora = job.lora
    with _refused(f"unsloth cannot give {job.base} a LoRA"):
        wrapped = unsloth.FastLanguageModel.get_peft_model(
            model,
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=list(lora.targets),
            bias="none",
            use_gradient_checkpointing=_checkpointing(job),
            random_state=lora.seed,
            max_seq_length=lora.cutoff,
        )
    for weight in wrapped.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    # On some models it writes them as one pattern, which not every engine can read.
    wrapped.peft_config[wrapped.active_adapter].target_modules = set(lora.targets)
    return wrapped


@dataclass(frozen=True, slots=True)
class FusedNetwork(Network):
    """A model that is given its labels, so that unsloth need not keep logits of a whole row."""

    @classmethod
    def of(cls, model: Any, plain: Any) -> FusedNetwork:
        """It is given whole rows, whatever `plain` is."""
        return cls(model, keeps=False)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Summed over what is learned, in nats."""
        labels = torch.full_like(batch.tokens, IGNORED)
        labels[:, batch.kept + 1] = batch.targets
        # The model divides by what it is told: here by nothing.
        return self.model(
            input_ids=batch.tokens, labels=labels, use_cache=False, num_items_in_batch=1
        ).loss


@contextmanager
def _refused(what: str) -> Generator[None]:
    try:
        yield
    except _REFUSALS as error:
        text = str(error)
        if "out of memory" in text.lower():
            raise
        first = text.strip().partition("\n")[0] or type(error).__name__
        raise TrainerError(f'{what}: {first}; or use the trainer "peft"') from error


def _checkpointing(job: TrainingJob) -> str | bool:
    return "unsloth" if job.checkpointing else False
