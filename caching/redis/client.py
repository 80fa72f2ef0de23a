"""redis-py's client with a client-side cache, and a pool, a GET and a pipeline that cost less than redis-py's.

Bypassed (redis-py 8.1): the pool's check for a closed connection before each command (three system calls), and in the
GET of a hit and in pipelines the timing, counting and closures for OpenTelemetry. Together 13 % of a hit, and half of a
pipeline (docs/performance.md). All three use private names of redis-py:
`test_an_upgrade_of_redis_py_keeps_the_private_names_that_are_used` notices a change.
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

from caching.redis.client_cache import ClientSideCache
from caching.redis.commands import at_once
from caching.redis.errors import explain
from caching.redis.latency import redis_latency

logger = logging.getLogger(__name__)

T = TypeVar("T")


class ConnectionPool(BasePool):
    """Hands connections out unchecked. A closed one fails at its first use; `retry` of redis.backend reopens it."""

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
        """Open a connection outside the pool that receives invalidations of keys with `prefixes`."""
        connection = self.connection_class(**{**self.connection_kwargs, "protocol": 3})
        named = [word for prefix in prefixes for word in ("PREFIX", prefix)]
        connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", *named)
        connection.read_response()
        connection._parser.set_invalidation_push_handler(lambda message: message)
        return connection


class Pipeline(BasePipeline):
    """A pipeline without a transaction. Its errors leave out the command, which may contain users' texts."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self.scripts:
            self.load_scripts()
        commands, self.command_stack = self.command_stack, []
        answers = _exchange(self.connection_pool, lambda connection: self._send(connection, commands))
        refused = [answer for answer in answers if isinstance(answer, ResponseError)]
        if refused and raise_on_error:
            raise refused[0]
        return answers

    def _send(self, connection: Connection, commands: Sequence[Any]) -> list[Any]:
        connection.send_packed_command(connection.pack_commands([words for words, _ in commands]))
        return [self._answer(connection, words[0], options) for words, options in commands]

    def _answer(self, connection: Connection, name: Any, options: dict[str, Any]) -> Any:
        try:
            return self.parse_response(connection, name, **options)
        except ResponseError as error:
            return error


def _exchange(pool: BasePool, ask: Callable[[Connection], T]) -> T:
    """Call `ask` with a connection of the pool, and again if the connection was closed.

    As with redis-py's own retry, a command that Redis ran just before its connection broke is run twice.
    """
    connection = pool.get_connection()
    try:
        return connection.retry.call_with_retry(lambda: ask(connection), lambda error: connection.disconnect())
    except BaseException:
        # Its next user would read the answers that are left.
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


class RedisClient(Redis):
    def __init__(self, *, cache_bytes: int = 0, cache_prefixes: Sequence[str] = (), **options: Any) -> None:
        super().__init__(**options)
        pool = cast("ConnectionPool", self.connection_pool)
        self._cache = ClientSideCache(lambda: pool.listening(cache_prefixes), cache_prefixes, cache_bytes)

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> BasePipeline:
        kind = BasePipeline if transaction else Pipeline
        return kind(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def read(self, name: str, decode: Callable[[bytes], T]) -> T | None:
        """Return the decoded value of `name`, from the client-side cache or from Redis; None if there is none.

        `decode` must be the same for each call of one key. Callers share the returned object: never change it.
        """
        token = None
        try:
            if (cached := self._cache.get(name)) is not None:
                return cast("T", cached)
            token = self._cache.begin_fetch(name)
        except (RedisError, OSError) as error:
            self._reset_cache(error)
        began = time.perf_counter()
        value, ttl = self._get_with_ttl(name) if token else (self._plain_get(name), 0.0)
        redis_latency.add(time.perf_counter() - began)
        if value is None:
            return None
        self._cache.note_read(name)
        decoded = decode(value)
        if token:
            self._store(name, token, decoded, len(value), ttl)
        return decoded

    def _plain_get(self, name: str) -> bytes | None:
        def ask(connection: Connection) -> bytes | None:
            connection.send_command("GET", name)
            return cast("bytes | None", connection.read_response())

        return _exchange(self.connection_pool, ask)

    def _get_with_ttl(self, name: str) -> tuple[bytes | None, float]:
        """Return the value and its time to live in seconds."""
        value, milliseconds = at_once(self, [lambda redis: redis.get(name), lambda redis: redis.pttl(name)])
        return value, milliseconds / 1000 if milliseconds >= 0 else math.inf

    def _store(self, name: str, token: object, value: object, size: int, ttl: float) -> None:
        try:
            self._cache.store(name, token, value, size, ttl)
        except (RedisError, OSError) as error:
            self._reset_cache(error)

    def _reset_cache(self, error: Exception) -> None:
        # Not reported to the caller: if Redis is disconnected, the command itself fails too.
        refused = isinstance(error, ResponseError)
        self._cache.reset(disable=refused)
        if refused:
            logger.info("Client-side caching is off because Redis sends no invalidations: %s", explain(error))
