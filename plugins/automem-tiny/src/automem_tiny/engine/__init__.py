"""Runs a small model of Llama's type on NumPy alone: `Engine.load(folder).answer([Ask(...)])`."""

from automem_tiny.engine.asking import Answer, Ask
from automem_tiny.engine.engine import Engine

__all__ = ["Answer", "Ask", "Engine"]
