"""A threaded HTTP/1.1 server that counts its calls and misbehaves when it is told to."""

from __future__ import annotations

import threading
from collections import deque
from http.server import ThreadingHTTPServer
from typing import ClassVar, Self

from speech.tests.loopback.answers import Answer, Seen
from speech.tests.loopback.handler import FAULTS, for_server
from speechsite.tests.support.ending import end_server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class Loopback:
    """`with FakeX() as server:` gives `server.url`, `server.requests`, `server.connections`, `server.behave(…)`.

    Set `delay` (seconds before the head) and `chunk_delay` (seconds before each chunk after the first) at any time.
    """

    errors: ClassVar[dict[str, Answer]] = {}
    """By name: at least 400, 401, 429, 429-retry-after, quota and 500."""

    def __init__(self, *, delay: float = 0.0, chunk_delay: float = 0.0) -> None:
        self.delay, self.chunk_delay = delay, chunk_delay
        self.requests: list[Seen] = []
        self.connections = self.open_connections = 0
        self.first_sent = 0.0
        """`time.perf_counter()` just before the first byte of the last body."""
        self.closed_early = threading.Event()
        """Set when a client hung up before the end of an answer."""
        self.stopping = threading.Event()
        self._behaviours: deque[str] = deque()
        self._lock = threading.Lock()

    def behave(self, *behaviours: str) -> None:
        """How the next requests are met, one after the other; the last one stays. "ok" ends it."""
        unknown = set(behaviours) - {"ok", *FAULTS, *self.errors}
        if unknown or not behaviours:
            raise ValueError(f"{type(self).__name__} cannot behave like {unknown or 'nothing'}")
        with self._lock:
            self._behaviours = deque(behaviours)

    def answer(self, seen: Seen) -> Answer:
        """The good answer to `seen`."""
        raise NotImplementedError

    def admit(self, seen: Seen) -> str:
        """Record a request and say how to meet it."""
        with self._lock:
            self.requests.append(seen)
            if len(self._behaviours) > 1:
                return self._behaviours.popleft()
            return self._behaviours[0] if self._behaviours else "ok"

    def sent(self, seen: Seen, behaviour: str) -> None:
        """`seen` was answered to the end, so far as a server can know."""

    def opened(self) -> None:
        with self._lock:
            self.connections += 1
            self.open_connections += 1

    def closed(self) -> None:
        with self._lock:
            self.open_connections -= 1

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), for_server(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stopping.set()
        end_server(self._server)
