from __future__ import annotations

import socket

import pytest

from speechsite.server.sockets import DEAF_SECONDS, cut_off_deaf_clients


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux only")
def test_accepted_connections_inherit_how_long_a_client_may_be_deaf() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cut_off_deaf_clients()
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            milliseconds = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert milliseconds == DEAF_SECONDS * 1000
