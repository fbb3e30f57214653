"""Puts a model of another kind, whose layers have other names, in the place of one.

python tests/server/training/rebuild_as_gpt2.py FOLDER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import sys

from transformers import AutoConfig, AutoModelForCausalLM

config = AutoConfig.for_model("gpt2", vocab_size=512, n_embd=32, n_layer=1, n_head=2)
AutoModelForCausalLM.from_config(config).save_pretrained(sys.argv[1])
