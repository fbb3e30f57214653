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
from functools import partial
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
    from automem_train.workers.loop import Stop
    from automem_train.workers.sitting import Maker, train
    from automem_train.workers.unsloth_network import FusedNetwork, load_base, with_lora

    stop = Stop()
    if os.getppid() != parent:
        raise Stopped
    train(
        work,
        Maker(partial(load_base, unsloth), partial(with_lora, unsloth), FusedNetwork.of),
        threads,
        stop,
    )


if __name__ == "__main__":
    sys.exit(main())
