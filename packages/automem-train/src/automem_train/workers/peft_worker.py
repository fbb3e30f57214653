"""Trains a LoRA with torch, transformers and peft: `python -m automem_train.workers.peft_worker`.

It runs in the interpreter that `automem setup peft` makes, alone or under `accelerate launch`.
"""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from automem_train.workers.failing import failures
from automem_train.workers.jobs import read_work
from automem_train.workers.provenance import is_done


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the job of a folder to its end; 1 where it failed, 143 where it was told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with job.json")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    given = parser.parse_args(arguments)
    # Before torch is imported: its libraries read these once.
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with failures(given.folder) as ending:
        if not is_done(given.folder):
            _train(given.folder, given.threads)
    return ending.status


def _train(folder: Path, threads: int) -> None:
    work = read_work(folder)
    job, lora = work.job, work.job.lora
    if Path(job.base).is_dir():
        # Nothing is then to be asked of a hub; read once by its library.
        os.environ["HF_HUB_OFFLINE"] = "1"
    import torch

    from automem_train.workers.checkpoint import remove_checkpoint
    from automem_train.workers.identity import base_identity
    from automem_train.workers.loop import Stop, Training
    from automem_train.workers.network import (
        base_folder,
        context_of,
        load_base,
        load_tokenizer,
        quiet,
        save_adapter,
        with_lora,
    )
    from automem_train.workers.passes import Network
    from automem_train.workers.provenance import write_provenance
    from automem_train.workers.rows import TokenizerCodec, rows_of
    from automem_train.workers.sharding import Learned, make_accelerator

    stop = Stop()
    stop.listen()
    quiet()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    files = base_folder(job.base)
    tokenizer = load_tokenizer(job.base)
    codec = TokenizerCodec.of(tokenizer, job.base)
    accelerator = make_accelerator()
    plain = load_base(job)
    cutoff = min(lora.cutoff, context_of(plain))
    rows = rows_of((one.messages for one in work.examples), codec, lora.train_on, cutoff)
    wrapped = with_lora(plain, job)
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
        network=Network.of(model, plain),
        learned=learned,
        padding=tokenizer.pad_token_id or 0,
        stop=stop,
    )
    steps = training.run()
    weights = training.weights()
    if accelerator.is_main_process:
        save_adapter(folder, wrapped, job.base, weights)
        write_provenance(
            work,
            rows,
            base_identity(job.base, files, tokenizer.chat_template),
            steps,
            seconds=training.seconds,
            processes=accelerator.num_processes,
            device=_device(accelerator.device),
        )
        remove_checkpoint(folder)
    accelerator.end_training()


def _device(device) -> str:
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


if __name__ == "__main__":
    sys.exit(main())
