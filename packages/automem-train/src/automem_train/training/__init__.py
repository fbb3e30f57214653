"""Runs a trainer: its process is started, watched, and ended with this one."""
