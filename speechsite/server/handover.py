"""Handover from a worker to its successor: new connections go to the new one, kept-alive ones are closed."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import struct
import threading
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from speechsite.server.sockets import listeners
from speechsite.server.wsgi_wrappers import WSGI

# Nginx's signal for the same; processes that do not know it ignore it.
SIGNAL = signal.SIGWINCH
# A client that asks again within this time finds its connection closed properly, not in the middle of a request.
SECONDS = 2.0

# asm-generic/socket.h
_SO_ATTACH_REUSEPORT_CBPF = 51
# linux/bpf_common.h: return a constant.
_BPF_RET_K = 0x06

_replaced = threading.Event()


def prepare() -> None:
    """Hand over when SIGNAL comes."""
    signal.signal(SIGNAL, _hand_over)


def _hand_over(number: int, frame: object) -> None:
    _replaced.set()
    for listener in listeners():
        # Elsewhere than on Linux, connections that wait for this worker when it stops are lost.
        with contextlib.suppress(OSError):
            leave_to_later_listeners(listener, settings.WORKERS)


def leave_to_later_listeners(listener: socket.socket, own: int) -> None:
    """Let the kernel give new connections to the socket that began to listen on this port after the first `own`.

    Without it a connection that waits in the queue of a listener is reset when that listener is closed. socket(7),
    SO_ATTACH_REUSEPORT_CBPF: the program returns a position among the sockets of the port. A closed one gives its
    position to the last one, so the position stays that of a new one, and exists no more once only `own` are left:
    then the kernel spreads connections over all. Raises OSError.
    """
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", _BPF_RET_K, 0, 0, own))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)


def close_when_replaced(application: WSGI) -> WSGI:
    """Add `Connection: close` to the answers of a worker that is being replaced."""

    def closing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _replaced.is_set():
            return application(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("Connection", "close")], *rest)

        return application(environ, start)

    return closing
