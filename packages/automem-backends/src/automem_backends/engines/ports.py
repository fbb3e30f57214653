"""Ports of the loopback address: which are free, and whether one is."""

from __future__ import annotations

import socket
from contextlib import ExitStack

HOST = "127.0.0.1"
LAST_PORT = 65_535


def is_free(port: int) -> bool:
    """Whether nothing listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just ended may linger; they do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> tuple[int, ...]:
    """So many different ports that are free at this moment."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind((HOST, 0))
        return tuple(one.getsockname()[1] for one in taken)
