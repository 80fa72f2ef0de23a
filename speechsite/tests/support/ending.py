"""Ending servers that run in a thread."""

from __future__ import annotations

import socket
import socketserver
from contextlib import suppress


def end_server(server: socketserver.TCPServer) -> None:
    """End `serve_forever` at once. `shutdown` alone waits for its next look, up to half a second."""
    # What waits for a connection is told that none will come.
    with suppress(OSError):
        server.socket.shutdown(socket.SHUT_RDWR)
    server.shutdown()
    server.server_close()
