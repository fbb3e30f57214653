"""The one chat loop of every meta-LLM that is reached through a chat API."""
