"""Rules that say whether a changed scaffold or adapter is kept, from paired episodes."""
