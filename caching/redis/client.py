"""redis-py's client and pool, without what they do beside the command itself, and with a memory of its own.

redis-py (8.1) looks before each command whether the connection was closed meanwhile (three system calls), and counts
connections, durations and errors for OpenTelemetry. For a GET that takes as long as Redis and the network together, and
a hit waits for hardly anything else; a miss makes five round trips.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from redis import Redis
from redis.client import Pipeline as BasePipeline
from redis.connection import Connection
from redis.connection import ConnectionPool as BasePool
from redis.exceptions import RedisError, ResponseError

from caching.redis.client_cache import Near
from caching.redis.commands import at_once
from caching.redis.errors import explain
from caching.redis.latency import redis_latency

logger = logging.getLogger(__name__)

T = TypeVar("T")


class ConnectionPool(BasePool):
    """Hands connections out as they are. One that was closed meanwhile fails at its first use, and is then opened anew.

    That is what `retry` of caching.redis.backend is for.
    """

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Connection:
        self._checkpid()
        with self._lock:
            connection = self._available_connections.pop() if self._available_connections else self.make_connection()
            self._in_use_connections.add(connection)
        return cast("Connection", connection)

    def release(self, connection: Any) -> None:
        self._checkpid()
        with self._lock:
            if connection in self._in_use_connections:
                self._in_use_connections.remove(connection)
                self._available_connections.append(connection)

    def listening(self, prefixes: Sequence[str]) -> Connection:
        """A connection outside the pool on which Redis names changed keys. Raises what redis-py raises."""
        connection = self.connection_class(**{**self.connection_kwargs, "protocol": 3})
        named = [word for prefix in prefixes for word in ("PREFIX", prefix)]
        connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", *named)
        connection.read_response()
        connection._parser.set_invalidation_push_handler(lambda message: message)
        return connection


class Pipeline(BasePipeline):
    """Of commands that are no transaction. No error names the command, in which texts may stand."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        answers = super().execute(raise_on_error=False)
        refused = [answer for answer in answers if isinstance(answer, ResponseError)]
        if refused and raise_on_error:
            raise refused[0]
        return answers

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        try:
            return super().parse_response(connection, command_name, **options)
        except ResponseError:
            raise
        except BaseException:
            # redis-py would return the connection to the pool, and its next user would read these answers.
            connection.disconnect()
            raise


class Client(Redis):
    def __init__(self, *, near_bytes: int = 0, near_prefixes: Sequence[str] = (), **options: Any) -> None:
        super().__init__(**options)
        pool = cast("ConnectionPool", self.connection_pool)
        self._near = Near(lambda: pool.listening(near_prefixes), near_prefixes, near_bytes)

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> BasePipeline:
        made = BasePipeline if transaction else Pipeline
        return made(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def read(self, name: str, decode: Callable[[bytes], T]) -> T | None:
        """What `decode` makes of the value of `name`, always the same function; None where there is none.

        It comes from this process where it was read a moment ago and Redis has not said that it changed. Others may be
        given the same object: nobody may change it.
        """
        token = None
        try:
            if (kept := self._near.get(name)) is not None:
                return cast("T", kept)
            token = self._near.fetch(name)
        except (RedisError, OSError) as error:
            self._lose_near(error)
        began = time.perf_counter()
        value, life = self._with_life(name) if token else (self._plain_get(name), 0.0)
        redis_latency.add(time.perf_counter() - began)
        if value is None:
            return None
        self._near.found(name)
        decoded = decode(value)
        if token:
            self._keep(name, token, decoded, len(value), life)
        return decoded

    def _plain_get(self, name: str) -> bytes | None:
        connection: Connection = self.connection_pool.get_connection()

        def ask() -> bytes | None:
            connection.send_command("GET", name)
            return cast("bytes | None", connection.read_response())

        try:
            return connection.retry.call_with_retry(ask, lambda error: connection.disconnect())
        finally:
            self.connection_pool.release(connection)

    def _with_life(self, name: str) -> tuple[bytes | None, float]:
        """The value, and for how many seconds Redis will have it."""
        value, milliseconds = at_once(self, [lambda redis: redis.get(name), lambda redis: redis.pttl(name)])
        return value, milliseconds / 1000 if milliseconds >= 0 else math.inf

    def _keep(self, name: str, token: object, value: object, size: int, life: float) -> None:
        try:
            self._near.keep(name, token, value, size, life)
        except (RedisError, OSError) as error:
            self._lose_near(error)

    def _lose_near(self, error: Exception) -> None:
        # No failure of Redis as far as the caller is concerned: whether it is away, the command itself finds out.
        refused = isinstance(error, ResponseError)
        self._near.lose(for_good=refused)
        if refused:
            logger.info("Client-side caching is off because Redis sends no invalidations: %s", explain(error))
