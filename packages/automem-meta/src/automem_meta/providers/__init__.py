"""Meta-LLMs, one module each."""
