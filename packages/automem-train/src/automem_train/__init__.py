"""Loop 2: the agent's own good memory turns become an adapter; nothing is offered yet."""
