"""Ports for the servers of tests."""

import os
import socket
from itertools import cycle
from random import randrange

# Below those that platforms choose (`deploy/local/ports.py`) and those that the kernel gives to outgoing connections. Each
# pytest process has ports of its own, so that nobody takes a port between its choice and its use.
_FIRST, _EACH = 10_000, 1_000
_PROCESSES = 8


def _own_ports() -> range:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
    return range(_FIRST + worker * _EACH, _FIRST + (worker + 1) * _EACH)


_ports = cycle(_own_ports())
# Two runs on one machine do not begin with the same port.
for _ in range(randrange(_EACH)):
    next(_ports)


def free_port() -> int:
    """A loopback port that nobody uses now; the same one comes again after a thousand others."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("unreachable")
