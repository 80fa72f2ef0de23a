"""Options of the sockets on which a worker listens."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator

# Seconds for which a client may read nothing of its answer; a player that pauses for longer must ask again. It is
# less than PROVIDER_READ_TIMEOUT, so that a stalled leader does not cost its followers the answer.
STALLED_SECONDS = 20
LISTENS_WITHIN = 300.0


def cut_off_stalled_readers() -> None:
    """Let the kernel close connections whose client reads nothing for STALLED_SECONDS: frees the stream's thread.

    tcp(7), TCP_USER_TIMEOUT: accepted sockets inherit it, and it counts while the client's window is closed (Linux
    5.11). On other systems such a client keeps its thread until it disconnects.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # The server (granian 2.8.7) listens after the application is loaded.
        threading.Thread(target=_wait_for_listeners, name="stalled-readers", daemon=True).start()


def _wait_for_listeners() -> None:
    deadline = time.monotonic() + LISTENS_WITHIN
    while not limit_listeners() and time.monotonic() < deadline:
        time.sleep(0.05)


def limit_listeners() -> bool:
    """Set the limit on the sockets on which this process listens. Return False if there are none."""
    found = False
    for listener in listeners():
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_SECONDS * 1000)
        found = True
    return found


def listeners() -> Iterator[socket.socket]:
    """Yield the TCP sockets on which this process listens. The server does not expose them."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 (names are all that is wanted)
        with contextlib.suppress(OSError):
            # A copy of a file that is no socket would stay open.
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                with socket.socket(fileno=os.dup(int(name))) as one:
                    is_tcp = one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM
                    if is_tcp and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        yield one
