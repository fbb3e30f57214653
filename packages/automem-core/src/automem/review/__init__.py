"""Review sessions: what a meta-LLM sees, may do and may spend, whatever provider it comes from."""
