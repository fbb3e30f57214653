"""Trains a LoRA with unsloth's kernels: `python -m automem_train.workers.unsloth_worker`.

It runs in the interpreter that `automem setup unsloth` makes. Rows, order, loop and checkpoints are
those of the trainer `peft`; the model is unsloth's, which has to be imported before all others,
since it changes transformers and peft as it is.
"""
# torch and unsloth are in interpreters of trainers only, so their types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from automem.errors import TrainerError
from automem_train.workers.failing import Stopped, failures
from automem_train.workers.jobs import Work, read_work
from automem_train.workers.provenance import is_done

CACHE: Final = ".cache"
"""Below the folder of the job: what unsloth compiles. It is removed when the adapter is whole."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the job of a folder to its end; the status is one of those in `failing`."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with job.json")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    given = parser.parse_args(arguments)
    parent = os.getppid()
    with failures(given.folder) as ending:
        if not is_done(given.folder):
            work = read_work(given.folder)
            os.environ.update(variables(work, given.threads))
            _train(work, _unsloth(), given.threads, parent)
            shutil.rmtree(given.folder / CACHE, ignore_errors=True)
    return ending.status


def variables(work: Work, threads: int) -> Mapping[str, str]:
    """What is read once by libraries as they are imported: nothing is told to anybody.

    What they compile stays in the folder of the job; and where the base is a folder, so does what
    they keep of a hub, which is not asked then.
    """
    cache = (work.folder / CACHE).resolve()
    found = {
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "CUBLAS_WORKSPACE_CONFIG": os.environ.get("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
        "UNSLOTH_COMPILE_LOCATION": str(cache / "unsloth_compiled"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "torch"),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        "UNSLOTH_DISABLE_STATISTICS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }
    if Path(work.job.base).is_dir():
        found |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache / "hub")}
    return found


def _unsloth() -> ModuleType:
    try:
        import unsloth
    except (ImportError, NotImplementedError, RuntimeError, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        raise TrainerError(
            f"unsloth cannot be used on this machine: {first}; make its interpreter for the GPU "
            'that is here (UV_TORCH_BACKEND=auto automem setup unsloth), or use the trainer "peft"'
        ) from error
    return unsloth


def _train(work: Work, unsloth: ModuleType, threads: int, parent: int) -> None:
    import torch

    from automem_train.workers.checkpoint import remove_checkpoint
    from automem_train.workers.identity import base_identity
    from automem_train.workers.loop import Stop, Training
    from automem_train.workers.network import (
        base_folder,
        context_of,
        load_tokenizer,
        quiet,
        save_adapter,
    )
    from automem_train.workers.provenance import write_provenance
    from automem_train.workers.rows import TokenizerCodec, rows_of
    from automem_train.workers.sharding import Learned, make_accelerator
    from automem_train.workers.unsloth_network import FusedNetwork, load_base, with_lora

    stop = Stop()
    stop.listen()
    if os.getppid() != parent:
        raise Stopped
    quiet()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    folder, job, lora = work.folder, work.job, work.job.lora
    files = base_folder(job.base)
    tokenizer = load_tokenizer(job.base)
    codec = TokenizerCodec.of(tokenizer, job.base)
    accelerator = make_accelerator()
    plain = load_base(unsloth, job)
    cutoff = min(lora.cutoff, context_of(plain))
    rows = rows_of((one.messages for one in work.examples), codec, lora.train_on, cutoff)
    wrapped = with_lora(unsloth, plain, job)
    optimizer = torch.optim.AdamW(
        [weight for weight in wrapped.parameters() if weight.requires_grad],
        lr=lora.learning_rate,
        weight_decay=lora.weight_decay,
    )
    model, prepared = accelerator.prepare(wrapped, optimizer)
    training = Training(
        work=work,
        rows=rows.rows,
        accelerator=accelerator,
        network=FusedNetwork(model, keeps=False),
        learned=Learned(model, prepared.optimizer),
        padding=tokenizer.pad_token_id or 0,
        stop=stop,
    )
    steps = training.run()
    save_adapter(folder, wrapped, job.base, training.weights())
    write_provenance(
        work,
        rows,
        base_identity(job.base, files, tokenizer.chat_template),
        steps,
        seconds=training.seconds,
        processes=1,
        device=accelerator.device.type,
    )
    remove_checkpoint(folder)


if __name__ == "__main__":
    sys.exit(main())
