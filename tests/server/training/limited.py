"""Trains the job of a folder with little more memory than it takes to begin; prints the status.

python tests/server/training/limited.py FOLDER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import resource
import sys

import torch  # what its libraries reserve is not counted below
import transformers  # noqa: F401

from automem_train.workers.peft_worker import main

torch.set_num_threads(1)
with open("/proc/self/statm", encoding="utf-8") as file:  # noqa: PTH123
    pages = int(file.read().split()[0])
limit = pages * resource.getpagesize() + (1 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.stdout.write(str(main([sys.argv[1]])))
