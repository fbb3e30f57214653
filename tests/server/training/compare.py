"""The largest difference of what two adapters learned, and the largest weight of the first.

python tests/server/training/compare.py ONE OTHER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import sys

from safetensors.torch import load_file

one, other = (load_file(path) for path in sys.argv[1:])
if one.keys() != other.keys():
    sys.exit(f"they hold other weights: {sorted(one.keys() ^ other.keys())}")
# The second matrices begin at zero, so they are all learned.
learned = [name for name in one if "lora_B" in name]
apart = max(float((one[name] - other[name]).abs().max()) for name in one)
sys.stdout.write(f"{apart} {max(float(one[name].abs().max()) for name in learned)}\n")
