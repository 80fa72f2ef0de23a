"""A TCP address that is not what it seems: what is behind it changes, as with a hosted Redis, or is far away."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Proxy:
    """Listens on `port` of 127.0.0.1 and passes bytes on to another port there."""

    def __init__(self, target: int, *, seconds: float = 0.0) -> None:
        """`seconds`: how much longer each answer takes."""
        self._target = target
        self._seconds = seconds
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._listener.close()
        self._break_off()

    def switch_to(self, target: int) -> None:
        """Connect to another port from now on, and break off what is open."""
        self._target = target
        self._break_off()

    def _break_off(self) -> None:
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            self._open |= {client, server}
            back = threading.Thread(target=self._pass_on, args=(server, client, self._seconds), daemon=True)
            back.start()
            self._pass_on(client, server)
            back.join()
            self._open -= {client, server}

    def _pass_on(self, source: socket.socket, target: socket.socket, seconds: float = 0.0) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                time.sleep(seconds)
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
