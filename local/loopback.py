"""Ports on this machine's loopback."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack, suppress

HOST = "127.0.0.1"

# Below the ports for outgoing connections (from 32768 on Linux, from 49152 in RFC 6335), one of
# which could be taken before the server starts.
_FIRST, _LAST = 20_000, 32_000


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Choose different ports, by holding all of them until the last is chosen."""
    with ExitStack() as held:
        return [held.enter_context(_claim()).getsockname()[1] for _ in range(count)]


def _claim() -> socket.socket:
    while True:
        with suppress(OSError):
            return socket.create_server((HOST, _FIRST + secrets.randbelow(_LAST - _FIRST)))
