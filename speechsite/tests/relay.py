"""A network between a client and a Redis: every answer takes its time."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit


class Relay:
    """Listens until it is closed; `url` is that of the Redis behind it, `seconds` farther away."""

    def __init__(self, url: str, seconds: float) -> None:
        target = urlsplit(url)
        self._target = (target.hostname or "", target.port or 0)
        self._seconds = seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.url = target._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *error: object) -> None:
        for each in self._sockets:
            with suppress(OSError):
                # Else whoever waits for it would wait on.
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            redis = socket.create_connection(self._target)
            self._sockets += [client, redis]
            threading.Thread(target=self._pass_on, args=(client, redis, 0.0), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(redis, client, self._seconds), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, seconds: float) -> None:
        try:
            while data := source.recv(65536):
                time.sleep(seconds)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
