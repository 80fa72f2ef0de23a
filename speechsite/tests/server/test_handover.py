from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator

import pytest

from speechsite.server import handover

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """Two sockets of old workers, then two of new ones, on one port."""
    with contextlib.ExitStack() as cleanup:
        found: list[socket.socket] = []
        for _ in range(4):
            one = cleanup.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(found[0].getsockname() if found else ("127.0.0.1", 0))
            one.listen(64)
            one.setblocking(False)
            found.append(one)
        yield found


def accepted(listener: socket.socket) -> int:
    """The number of connections that waited."""
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def connections(listeners: list[socket.socket]) -> list[int]:
    """How many of 40 new connections each gets."""
    for _ in range(40):
        socket.create_connection(listeners[-1].getsockname()).close()
    return [accepted(listener) for listener in listeners]


def test_old_listeners_get_no_connection_while_they_close_and_then_new_ones_share_them(
    listeners: list[socket.socket],
) -> None:
    assert min(connections(listeners)) > 0
    handover.leave_to_later_listeners(listeners[0], 2)
    while len(listeners) > 2:
        old = connections(listeners)[:-2]
        assert old == [0] * len(old)
        listeners.pop(0).close()
    assert min(connections(listeners)) > 0
