"""Free ports, each handed out once."""

import socket

from deploy.local.ports import Ports, is_free


def test_port_with_a_listener_is_not_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        assert not is_free(server.getsockname()[1])


def test_no_port_is_handed_out_twice() -> None:
    ports = Ports()

    taken = [ports.take() for _ in range(300)]

    assert len(set(taken)) == 300
