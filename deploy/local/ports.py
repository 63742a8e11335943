"""Free loopback ports for engines and services. Chosen once a run: a restarted process keeps its port."""

import random
import socket

# Below the range from which Linux (32768) and macOS (49152) take ports for outgoing connections: no connection can take
# the port of a process that is being restarted.
_FIRST, _LAST = 18_000, 31_999
_ATTEMPTS = 200


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


class Ports:
    """Hands out free ports, each once."""

    def __init__(self) -> None:
        self._given: set[int] = set()
        self._random = random.SystemRandom()

    def take(self) -> int:
        """A free port that was not handed out before."""
        for _ in range(_ATTEMPTS):
            port = self._random.randint(_FIRST, _LAST)
            if port not in self._given and is_free(port):
                self._given.add(port)
                return port
        raise RuntimeError(f"no free port found between {_FIRST} and {_LAST}")
