"""Leaves a model 100 tokens, fewer than its tokenizer gives.

python tests/server/training/shrink_vocabulary.py FOLDER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import sys

from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
model.resize_token_embeddings(100)
model.config.pad_token_id = model.generation_config.pad_token_id = None
model.save_pretrained(sys.argv[1])
