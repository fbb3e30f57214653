"""Loop 1: a meta-LLM reads whole episodes and rewrites the scaffold; nothing is offered yet."""
