"""What this package offers, as specs; imports nothing heavy."""
