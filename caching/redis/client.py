"""redis-py's client and pool, without what they do beside the command itself.

redis-py (8.1) looks before each command whether the connection was closed meanwhile (three system calls), and counts
connections, durations and errors for OpenTelemetry. For a GET that takes as long as Redis and the network together, and
a hit waits for hardly anything else.
"""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.connection import AbstractConnection
from redis.connection import ConnectionPool as BasePool


class ConnectionPool(BasePool):
    """Hands connections out as they are. One that was closed meanwhile fails at its first use, and is then opened anew.

    That is what `retry` of caching.redis.backend is for.
    """

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> AbstractConnection:
        self._checkpid()
        with self._lock:
            connection = self._available_connections.pop() if self._available_connections else self.make_connection()
            self._in_use_connections.add(connection)
        return connection

    def release(self, connection: AbstractConnection) -> None:
        self._checkpid()
        with self._lock:
            if connection in self._in_use_connections and self.owns_connection(connection):
                self._in_use_connections.remove(connection)
                self._available_connections.append(connection)
                return
        super().release(connection)


class Client(Redis):
    def get(self, name: str) -> bytes | None:  # type: ignore[override]
        connection: AbstractConnection = self.connection_pool.get_connection()

        def ask() -> bytes | None:
            connection.send_command("GET", name)
            value: bytes | None = connection.read_response(disable_decoding=True)
            return value

        try:
            return connection.retry.call_with_retry(ask, lambda error: connection.disconnect())
        finally:
            self.connection_pool.release(connection)
