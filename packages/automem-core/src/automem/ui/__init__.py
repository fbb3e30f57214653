"""What a person sees while an evaluation runs: live, as plain lines, or as JSON."""
