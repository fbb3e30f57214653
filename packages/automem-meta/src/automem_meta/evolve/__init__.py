"""Loop 1: propose a scaffold, play it, judge it, write a line of the ledger."""
