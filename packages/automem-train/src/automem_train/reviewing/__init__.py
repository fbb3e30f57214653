"""Reviews of recipes: what a meta-LLM sees of the turns, may write, and is asked for."""
