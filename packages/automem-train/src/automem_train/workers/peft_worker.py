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
    if Path(work.job.base).is_dir():
        # Nothing is then to be asked of a hub; read once by its library.
        os.environ["HF_HUB_OFFLINE"] = "1"
    from automem_train.workers.loop import Stop
    from automem_train.workers.network import load_base, with_lora
    from automem_train.workers.passes import Network
    from automem_train.workers.sitting import Maker, train

    train(work, Maker(load_base, with_lora, Network.of), threads, Stop())


if __name__ == "__main__":
    sys.exit(main())
