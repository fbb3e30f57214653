"""How the rules player plays Crafter."""
