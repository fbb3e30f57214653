"""Makes the last norm of a model infinite, so that its loss is no number.

python tests/server/training/break_model.py FOLDER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import sys

from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
model.model.norm.weight.data.fill_(float("inf"))
model.save_pretrained(sys.argv[1])
