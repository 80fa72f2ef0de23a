from __future__ import annotations

import ctypes
import os
import socket
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from speechsite.server.sockets import STALLED_SECONDS, limit_listeners, listeners
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux only")
def test_accepted_connections_inherit_how_long_a_client_may_read_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert limit_listeners()
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            milliseconds = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert milliseconds == STALLED_SECONDS * 1000


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_looking_for_listeners_leaves_no_file_open() -> None:
    with Path(os.devnull).open(), socket.create_server(("127.0.0.1", 0)):
        before = psutil.Process().num_fds()
        for _ in range(10):
            assert list(listeners())
        assert psutil.Process().num_fds() == before


def test_the_wait_for_a_shared_answer_outlasts_a_client_that_reads_nothing(settings: Any) -> None:
    assert STALLED_SECONDS < settings.PROVIDER_READ_TIMEOUT == 30


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_the_sockets_of_workers_have_the_limit(server: Server) -> None:
    def limits() -> list[int]:
        processes = psutil.Process(server.process.pid).children(recursive=True)
        listeners = [(one.pid, each.fd) for one in processes for each in one.net_connections() if listens(each)]
        return [limit_of(*one) for one in listeners]

    def listens(connection: Any) -> bool:
        return connection.status == psutil.CONN_LISTEN and connection.laddr.port == server.port

    wait_until(lambda: set(limits()) == {STALLED_SECONDS * 1000})


def limit_of(pid: int, number: int) -> int:
    """TCP_USER_TIMEOUT of a socket of another process."""
    pidfd = os.pidfd_open(pid)
    # pidfd_getfd(2)
    copy = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, number, 0)
    os.close(pidfd)
    if copy < 0:
        pytest.skip(f"sockets of other processes cannot be read here: {os.strerror(ctypes.get_errno())}")
    with socket.socket(fileno=copy) as found:
        return found.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
