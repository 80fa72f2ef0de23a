"""The only way to Redis, and the only place that handles its failures.

Nothing here raises because of Redis, but within `must_succeed`. If Redis is off, disconnected, hanging, full or
unreadable, a read finds nothing and a write does nothing; `available()` tells which.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, Literal, ParamSpec, TypeVar, cast

from django.conf import settings
from django.core.cache import caches, close_caches
from django.core.signals import request_finished, setting_changed
from django_redis.client import DefaultClient
from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import ClusterDownError, ReadOnlyError, RedisClusterException, RedisError, ResponseError

from caching import metrics
from caching.redis import cluster
from caching.redis import commands as redis_commands
from caching.redis.breaker import RedisBreaker, State, WritePause
from caching.redis.client import RedisClient
from caching.redis.commands import Command, at_once, in_order
from caching.redis.errors import Advice, explain
from caching.redis.serializers import Unreadable
from caching.redis.url import mask_password

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D")
Alias = Literal["default", "audio"]
# Sends commands and returns True if Redis took them: `write`, or that of a flight.
Write = Callable[[Sequence[Command]], bool]

# What redis-py raises; not all of its exceptions for a cluster are RedisErrors.
FAILURES = (RedisError, RedisClusterException, OSError)
_must_succeed = ContextVar("must_succeed", default=False)


class RedisFailed(Exception):
    """Redis did not do a part of what `must_succeed` surrounds. The message says why."""


def enabled() -> bool:
    """Return True if a Redis is configured."""
    return bool(settings.REDIS_URL)


def available() -> bool:
    """Return True if Redis is configured and, as far as this process knows, answers."""
    return bool(settings.REDIS_URL) and _breaker.state.up


def state() -> State:
    """Return whether Redis is up, since when, and why not."""
    return _breaker.state


def fail_open(default: D) -> Callable[[Callable[P, T]], Callable[P, T | D]]:
    """Make a function return `default` while Redis is disconnected, and trip the breaker if it fails."""

    def decorate(function: Callable[P, T]) -> Callable[P, T | D]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T | D:
            if not available():
                return _failed(default, state().reason)
            try:
                return function(*args, **kwargs)
            except FAILURES as error:
                advice = _counted(error)
                if not _is_of_one_command(error) and not _is_of_one_node(error):
                    _breaker.trip(str(advice))
                return _failed(default, str(advice))

        return call

    return decorate


@contextmanager
def must_succeed() -> Iterator[None]:
    """Make `fail_open` functions raise RedisFailed, for work that must not be half done.

    Has no effect if no Redis is configured, nor in other threads.
    """
    token = _must_succeed.set(True)
    try:
        yield
    finally:
        _must_succeed.reset(token)


def _failed(default: D, reason: str) -> D:
    if _must_succeed.get() and enabled():
        raise RedisFailed(reason)
    return default


def get(key: str, alias: Alias = "default") -> Any | None:
    """Return the value of `key`, or None. An unreadable value is deleted and counts as absent.

    Callers share the returned object: never change it.
    """
    try:
        return _read(key, alias)
    except Unreadable as error:
        discard(key, str(error))
        return None


def get_many(keys: list[str], alias: Alias = "default") -> list[Any | None]:
    """Return the values of `keys` in their order, in one round trip; None for those without one."""
    if len(keys) == 1:
        return [get(keys[0], alias)]
    raw = _get_raw(keys, alias) or [None] * len(keys)
    return [decoded(key, value, alias) for key, value in zip(keys, raw, strict=True)]


def getting(key: str) -> Command:
    """Return the command that `get` sends; pass its answer to `decoded`."""
    return lambda redis: redis.get(_client().make_key(key))


def decoded(key: str, answer: bytes | None, alias: Alias = "default") -> Any | None:
    """Decode an answer of Redis for `key`. An unreadable value is deleted and counts as absent."""
    try:
        return None if answer is None else _client(alias).decode(answer)
    except Unreadable as error:
        discard(key, str(error))
        return None


def put(key: str, value: Any, ttl: int, alias: Alias = "default") -> bool:
    """Store `value` for `ttl` seconds. Return False if Redis is disconnected or full, or the value too large."""
    command = putting(key, value, ttl, alias)
    return command is not None and write([command])


@fail_open(None)
def putting(key: str, value: Any, ttl: int, alias: Alias = "default") -> Command | None:
    """Return the command of `put`, for `write`; None if the value is too large or Redis disconnected."""
    data = _client(alias).encode(value)
    if len(data) > settings.CACHE_MAX_ENTRY_BYTES:
        return None
    name = _client().make_key(key)
    return lambda redis: redis.set(name, data, ex=ttl)


def write(commands: Sequence[Command]) -> bool:
    """Send write commands in one round trip. Return False if Redis did not take all of them."""
    return written(commands) is not None


@fail_open(None)
def written(commands: Sequence[Command], *, ordered: bool = False) -> Sequence[Any] | None:
    """Send write commands in one round trip. Return the replies, or None if Redis did not take all of them.

    `ordered`: one after the other in a cluster too.
    """
    if _writes.paused:
        return _failed(None, "Redis refused a write a moment ago")
    try:
        replies = (in_order if ordered else at_once)(connection(), commands)
    except ClusterDownError:
        raise
    except ResponseError as error:
        advice = _counted(error)
        _writes.refused(advice)
        if isinstance(error, ReadOnlyError) and not isinstance(connection(), RedisCluster):
            # After a failover the pool still holds connections to the old primary. A cluster's client closes its own.
            connection().connection_pool.disconnect(inuse_connections=False)
        return _failed(None, str(advice))
    _writes.accepted()
    return replies


@fail_open(0)
def delete(keys: Iterable[str]) -> int:
    """Delete `keys` without blocking Redis. Return how many there were."""
    return redis_commands.delete(connection(), [_client().make_key(key) for key in keys])


@fail_open(None)
def ping_milliseconds() -> float:
    """Return the duration of a PING in milliseconds; None while Redis is disconnected."""
    started = time.perf_counter()
    cluster.ping(connection())
    return round((time.perf_counter() - started) * 1000, 3)


def connect() -> None:
    """Connect to Redis and log the result. Called when a server starts."""
    # Connections stay open between requests.
    request_finished.disconnect(close_caches)
    if not enabled():
        logger.info("Caching is off: REDIS_URL is not set")
    elif reason := _probe():
        _breaker.trip(reason)
    else:
        metrics.REDIS_UP.set(1)
        logger.info("Connected to Redis at %s", _address())


@fail_open(None)
def _read(key: str, alias: Alias) -> Any | None:
    redis, client = connection(), _client(alias)
    name = client.make_key(key)
    if isinstance(redis, RedisClient):
        return redis.read(name, client.decode)
    value = redis.get(name)
    return None if value is None else client.decode(value)


@fail_open(None)
def _get_raw(keys: list[str], alias: Alias) -> Sequence[bytes | None]:
    # A pipeline, not MGET: in a cluster the keys live on different nodes.
    pipeline = connection().pipeline(transaction=False)
    for key in keys:
        pipeline.get(_client(alias).make_key(key))
    return cast("list[bytes | None]", pipeline.execute())


def discard(key: str, reason: str) -> None:
    """Delete an entry that must not be served."""
    metrics.UNREADABLE.inc()
    logger.warning("Deleted unreadable entry %s: %s", key, reason)
    delete([key])


@cache
def _client(alias: Alias = "default") -> DefaultClient:
    # One for all threads, which share a pool anyway: Django's `caches` makes one per thread.
    client: DefaultClient = caches[alias].client  # type: ignore[attr-defined]
    return client


def _forget_clients(*, setting: str, **kwargs: Any) -> None:
    if setting == "CACHES":
        _client.cache_clear()


setting_changed.connect(_forget_clients)


def connection() -> Redis:
    """Return the raw client, for commands that Django's cache API lacks. Use it only inside a `fail_open` function."""
    client: Redis = _client().get_client(write=True)
    return client


def _address() -> str:
    return mask_password(settings.REDIS_URL)


def _counted(error: BaseException) -> Advice:
    advice = explain(error)
    metrics.REDIS_ERRORS.labels(advice.kind).inc()
    return advice


def _is_of_one_command(error: BaseException) -> bool:
    """Return True if Redis answers and refuses this command: full, a replica, no permission."""
    return isinstance(error, ResponseError) and not isinstance(error, ClusterDownError)


def _is_of_one_node(error: BaseException) -> bool:
    """Return True if other nodes of a cluster still serve their slots."""
    return settings.REDIS_URL.startswith("redis+cluster") and _probe() is None


def _probe() -> str | None:
    try:
        cluster.ping(connection())
    except FAILURES as error:
        return str(explain(error))
    return None


def _log_change(old: State, new: State) -> None:
    metrics.REDIS_UP.set(int(new.up))
    if new.up:
        logger.info("Connected to Redis at %s again after %.1f s", _address(), new.began - old.began)
    else:
        logger.warning("Lost connection to Redis at %s; continuing without cache. %s", _address(), new.reason)


_breaker = RedisBreaker(probe=_probe, on_change=_log_change)
_writes = WritePause(_address)
