"""`rules`: no language model; it looks for known failures in traces and edits one thing."""
