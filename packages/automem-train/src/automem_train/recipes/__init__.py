"""The recipe: which data to train on, and with which LoRA settings, as one decision."""
