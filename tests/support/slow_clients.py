"""`python -m tests.support.slow_clients HOST PORT COUNT`: holds COUNT requests from five addresses, whose heads never end.

Prints `held` when all are open. A connection that the server closes is opened again.
"""

import resource
import socket
import sys
import time

_ADDRESSES = 5
_EVERY_S = 2.0
_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


def _open(server: tuple[str, int], number: int) -> socket.socket | None:
    try:
        made = socket.create_connection(server, timeout=5, source_address=(f"127.0.0.{2 + number % _ADDRESSES}", 0))
        made.sendall(_HEAD)
        return made
    except OSError:
        return None


def _continues(connection: socket.socket) -> bool:
    try:
        return connection.send(b"a") == 1
    except OSError:
        connection.close()
        return False


def main() -> None:
    """Hold the connections until the process is ended."""
    server, how_many = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, how_many + 100), hard))
    held = [_open(server, number) for number in range(how_many)]
    print("held", flush=True)
    while True:
        for number, connection in enumerate(held):
            if connection is None or not _continues(connection):
                held[number] = _open(server, number)
            # A byte a connection every two seconds, evenly: together a steady trickle.
            if number % 100 == 0:
                time.sleep(_EVERY_S * 100 / how_many)


if __name__ == "__main__":
    main()
