"""An engine for CPUs and small GPUs: one base model and its adapters behind vLLM's endpoints."""
