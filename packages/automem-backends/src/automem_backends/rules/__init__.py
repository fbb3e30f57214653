"""A player made of rules, not a model: it answers from the text of the conversation alone."""
