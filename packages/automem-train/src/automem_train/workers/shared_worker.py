"""Starts several workers that share one model, by `accelerate launch` with FSDP2.

All of them are on this machine. They meet in files and speak over the loopback, because the store
that torch has them meet in otherwise listens on every address of the machine. How they end is how
this program ends: 143 where it was told to.
"""
# torch is in interpreters of trainers only, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from automem_train.workers import MEETING_VARIABLE

MEETING = ".meeting"
_WORKER = "automem_train.workers.peft_worker"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the job of a folder to its end; the status is that of the worker that failed first."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="with job.json")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of the CPU, for each of them")
    given = parser.parse_args(arguments)
    # What this Python is kept from is not for those it starts either.
    os.environ.pop("PYTHONPATH", None)
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    if given.processes > 1:
        loopback = "lo" if sys.platform == "linux" else "lo0"
        os.environ |= {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback}
    return _launch(given.folder, given.processes, given.threads)


def _launch(folder: Path, processes: int, threads: int) -> int:
    meeting = folder / MEETING
    shutil.rmtree(meeting, ignore_errors=True)
    meeting.mkdir()
    os.environ[MEETING_VARIABLE] = str((meeting / "workers").resolve())
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    said = [
        *("--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"),
        *("--dynamo_backend", "no", "--num_cpu_threads_per_process", str(threads)),
        *("--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP"),
        # The first process alone reads the weights, and hands out their shares.
        *("--fsdp_cpu_ram_efficient_loading", "true"),
        *("--rdzv_backend", "c10d", "--rdzv_conf", "store_type=file"),
        *("-m", _WORKER, "--threads", str(threads), str(folder)),
    ]
    arguments = launch_command_parser().parse_args(said)
    # torchrun's own option, which accelerate hands on but has no spelling for.
    arguments.rdzv_endpoint = str((meeting / "launcher").resolve())
    try:
        launch_command(arguments)
    except SignalException:
        return 143
    except ChildFailedError as error:
        return status_of(error.get_first_failure()[1].exitcode)
    finally:
        shutil.rmtree(meeting, ignore_errors=True)
    return 0


def status_of(exitcode: int) -> int:
    """How a worker ended, as a shell says it: 128 + N for signal N; never 0."""
    return 128 - exitcode if exitcode < 0 else exitcode or 1


if __name__ == "__main__":
    sys.exit(main())
