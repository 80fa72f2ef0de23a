"""Django's CACHES entry for Redis. A pure function: settings use it before Django is set up."""

from __future__ import annotations

from typing import Any

from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry


def redis_cache(url: str, serializer: str, timeout_ms: int, prefix: str) -> dict[str, Any]:
    """The entry for `url` with a class of caching.serializers; one that remembers nothing where there is no URL."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": prefix,
        # Both or neither: with only the first, iter_keys silently returns the wrong names.
        "KEY_FUNCTION": "caching.keys.make_key",
        "REVERSE_KEY_FUNCTION": "caching.keys.reverse_key",
        "OPTIONS": {
            "CLIENT_CLASS": "caching.store.Client",
            # For packages that use Django's cache; our own calls go through caching.store.
            "IGNORE_EXCEPTIONS": True,
            "SERIALIZER": f"caching.serializers.{serializer}",
            "SOCKET_CONNECT_TIMEOUT": timeout_ms / 1000,
            "SOCKET_TIMEOUT": timeout_ms / 1000,
            "CONNECTION_POOL_KWARGS": {
                # Once, and only for a connection that turns out to be closed: Redis was restarted meanwhile. A
                # time-out is never repeated, because the caller has waited long enough.
                "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
                # RESP 2 needs no HELLO, and a name for the library no CLIENT SETINFO: fewer round trips to connect.
                "protocol": 2,
                "driver_info": None,
            },
        },
    }
