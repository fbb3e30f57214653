"""Whether what is learned of each example of a job, decoded, is its replies and their ends.

python tests/server/training/learned_text.py FOLDER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import sys
from pathlib import Path

from automem_train.workers.jobs import read_work
from automem_train.workers.network import load_tokenizer
from automem_train.workers.rows import IGNORED, TokenizerCodec, rows_of


def main(folder: Path) -> None:
    work = read_work(folder)
    codec = TokenizerCodec.of(load_tokenizer(work.job.base), work.job.base)
    lora = work.job.lora
    rows = rows_of((one.messages for one in work.examples), codec, lora.train_on, lora.cutoff).rows
    for example, row in zip(work.examples, rows, strict=True):
        replies = [one.content for one in example.messages if one.role == "assistant"]
        wanted = replies if lora.train_on == "all" else replies[-1:]
        learned = codec.decode([label for label in row.labels if label != IGNORED])
        said = learned == "".join(f"{reply}<|im_end|>\n" for reply in wanted)
        sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
