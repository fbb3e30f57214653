"""`automem data`: from the turns of a run to a data set, and out to other trainers."""
