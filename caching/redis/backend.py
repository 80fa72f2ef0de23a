"""Django's CACHES entry for Redis. A pure function: settings use it before Django is set up."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from caching.keys import EMBEDDING, EXACT, SPEECH, TRANSCRIPT, make_key
from caching.redis.url import kind_of, nodes, plain_url, sentinel_login, service_of

# Redis' default for `maxclients`.
MAX_CONNECTIONS = 10_000
# Kinds of keys that are read again and again.
CLIENT_CACHED = (EXACT, SPEECH, TRANSCRIPT, EMBEDDING)


def redis_cache(url: str, serializer: str, timeout_ms: int, prefix: str, cache_bytes: int) -> dict[str, Any]:
    """Return the CACHES entry for `url` with a serializer class of caching.redis.serializers; DummyCache without URL.

    `cache_bytes` limits the client-side cache of each process.
    """
    if not url:
        return {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        # A list: django-redis would split a text at its commas.
        "LOCATION": [_location(url)],
        "KEY_PREFIX": prefix,
        # Both or neither: with only the first, iter_keys silently returns the wrong names.
        "KEY_FUNCTION": "caching.keys.make_key",
        "REVERSE_KEY_FUNCTION": "caching.keys.reverse_key",
        "OPTIONS": {
            "CLIENT_CLASS": "caching.redis.django_client.CacheClient",
            # For packages that use Django's cache; our own calls go through caching.redis.store.
            "IGNORE_EXCEPTIONS": True,
            "SERIALIZER": f"caching.redis.serializers.{serializer}",
            "SOCKET_CONNECT_TIMEOUT": timeout_ms / 1000,
            "SOCKET_TIMEOUT": timeout_ms / 1000,
            "CONNECTION_POOL_KWARGS": {
                # Once, and only for a closed connection: Redis was restarted meanwhile. A time-out is not retried:
                # the caller has waited long enough.
                "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
                # RESP 2 needs no HELLO, and without a library name there is no CLIENT SETINFO: fewer round trips.
                "protocol": 2,
                "driver_info": None,
                # redis-py's default is below our number of threads, each of which needs one connection at most.
                "max_connections": MAX_CONNECTIONS,
                **({"ssl": True} if url.startswith("rediss+sentinel") else {}),
            },
            **_factory(url, prefix, cache_bytes, timeout_ms / 1000),
        },
    }


def _location(url: str) -> str:
    """Return the URL for django-redis' factory, where the sentinels' service name replaces the host."""
    if kind_of(url) != "sentinel":
        return url
    # For rediss:// redis-py would connect to a host of that name; `ssl` of the pool says the same.
    return urlsplit(plain_url(url, service_of(url)))._replace(scheme="redis").geturl()


def sentinel_options(url: str) -> dict[str, Any]:
    """Return the options of a connection to the sentinels in `url`: login, and TLS where Redis has it."""
    options: dict[str, Any] = dict(sentinel_login(url))
    if url.startswith("rediss"):
        of_url = parse_url(plain_url(url, "sentinel"))
        options |= {"ssl": True, **{name: value for name, value in of_url.items() if name.startswith("ssl_")}}
    return options


def _factory(url: str, prefix: str, cache_bytes: int, seconds: float) -> dict[str, Any]:
    if kind_of(url) == "cluster":
        return {"CONNECTION_FACTORY": "caching.redis.cluster.ConnectionFactory"}
    if kind_of(url) == "sentinel":
        return {
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": nodes(url),
            "SENTINEL_KWARGS": {"socket_timeout": seconds, "socket_connect_timeout": seconds, **sentinel_options(url)},
        }
    return {
        "CONNECTION_POOL_CLASS": "caching.redis.client.ConnectionPool",
        "REDIS_CLIENT_CLASS": "caching.redis.client.RedisClient",
        "REDIS_CLIENT_KWARGS": {
            "cache_bytes": cache_bytes,
            "cache_prefixes": [make_key(f"{kind}:", prefix, 1) for kind in CLIENT_CACHED],
        },
    }
