"""Recipes by rule: turns that look before they write, and a small grid of LoRA settings."""
