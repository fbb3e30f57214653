"""Loop 2: the agent's own good memory turns become data to train a specialist on."""
