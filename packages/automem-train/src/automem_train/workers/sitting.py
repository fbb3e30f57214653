"""One sitting of a training, from the job's base model to its adapter, whatever makes the model."""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from automem.records.training import TrainingJob
from automem_train.workers.checkpoint import remove_checkpoint
from automem_train.workers.identity import base_identity, identity_sha256
from automem_train.workers.jobs import Work
from automem_train.workers.loop import Stop, Training
from automem_train.workers.network import (
    base_folder,
    check_vocabulary,
    context_of,
    load_tokenizer,
    quiet,
    save_adapter,
)
from automem_train.workers.passes import Network
from automem_train.workers.provenance import write_provenance
from automem_train.workers.rows import TokenizerCodec, rows_of
from automem_train.workers.sharding import Learned, agreed, make_accelerator


@dataclass(frozen=True, slots=True)
class Maker:
    """Where a trainer's model comes from; the rest is the same for all of them."""

    load: Callable[[TrainingJob], Any]
    """The base of a job."""
    wrap: Callable[[Any, TrainingJob], Any]
    """The base with fresh LoRA weights, which alone are to be trained."""
    network: Callable[[Any, Any], Network]
    """The loss of a prepared model, and of what is inside it."""


def train(work: Work, maker: Maker, threads: int, stop: Stop) -> None:
    """Go on to the end, and leave the adapter. Raises Stopped, TrainerError."""
    quiet()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    job, lora = work.job, work.job.lora
    files = base_folder(job.base)
    tokenizer = load_tokenizer(job.base)
    codec = TokenizerCodec.of(tokenizer, job.base)
    accelerator = make_accelerator()
    # Before anything is learned: a file that cannot be read is better told now than in the end.
    mine = accelerator.is_main_process
    told = base_identity(job.base, files, tokenizer.chat_template) if mine else None
    base = agreed(accelerator, told)
    plain = maker.load(job)
    cutoff = min(lora.cutoff, context_of(plain))
    rows = rows_of((one.messages for one in work.examples), codec, lora.train_on, cutoff)
    check_vocabulary(plain, max(max(row.tokens) for row in rows.rows), job.base)
    wrapped = maker.wrap(plain, job)
    optimizer = torch.optim.AdamW(
        [weight for weight in wrapped.parameters() if weight.requires_grad],
        lr=lora.learning_rate,
        weight_decay=lora.weight_decay,
    )
    model, prepared = accelerator.prepare(wrapped, optimizer)
    learned = Learned(model, prepared.optimizer)
    if accelerator.is_main_process:
        sys.stderr.write(
            f"training on {accelerator.device.type} in {accelerator.num_processes} processes"
            f"{', each with its share of the weights' if learned.shared_out else ''}\n"
        )
    training = Training(
        work=work,
        rows=rows.rows,
        accelerator=accelerator,
        network=maker.network(model, plain),
        learned=learned,
        padding=tokenizer.pad_token_id or 0,
        stop=stop,
        base=identity_sha256(base),
    )
    # Until here there was nothing to keep, and a signal ended the program at once.
    stop.listen()
    steps = training.run()
    weights = training.weights()
    if accelerator.is_main_process:
        save_adapter(work.folder, wrapped, job.base, weights)
        write_provenance(
            work,
            rows,
            base,
            steps,
            seconds=training.seconds,
            processes=accelerator.num_processes,
            device=_device(accelerator.device),
        )
        remove_checkpoint(work.folder)
    accelerator.end_training()


def _device(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
