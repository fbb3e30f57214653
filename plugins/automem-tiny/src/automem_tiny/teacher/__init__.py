"""The teacher that the small model is cloned from: rules over what a terse prompt shows."""
